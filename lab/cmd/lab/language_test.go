package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func isChinese(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return unicode.Is(unicode.Han, c) })
}

// TestMisuseInChinese says whatever is wrong with the arguments in Chinese, too.
func TestMisuseInChinese(t *testing.T) {
	t.Parallel()
	reader := surroundings{env: map[string]string{"LANG": "zh_CN.UTF-8"}}
	lines := misuses()
	for _, line := range []string{
		"lesson 99", "lesson 1 2", "lesson 1 --edition v2", "lesson 1 --listen nowhere", "lesson --langg zh", "lessn 2",
		"lesson 2 --name ../x",
	} {
		lines[line] = line
	}
	for line, help := range lines {
		if help == "" {
			continue
		}
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := reader.run(t, strings.Fields(line)...)
			said, see, _ := strings.Cut(got.stderr, "\n")
			text, marked := strings.CutPrefix(said, "错误：")
			if !marked || !isChinese(text) || !strings.HasPrefix(see, "用法见 bin/lab") || got.status != misused {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestFormatsInChinese has Chinese words for each text of a misuse in this package.
func TestFormatsInChinese(t *testing.T) {
	t.Parallel()
	formats := 0
	for _, file := range sourceFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name, _ := call.Fun.(*ast.Ident)
			if name == nil || name.Name != "misusef" {
				return true
			}
			format, _ := call.Args[0].(*ast.BasicLit)
			if format == nil {
				t.Errorf("misusef of what is no text: %v", call.Args[0])
				return true
			}
			text, err := strconv.Unquote(format.Value)
			if err != nil {
				t.Fatal(err)
			}
			formats++
			if said, ok := translated(sample(text), chinese); !ok || !isChinese(said) {
				t.Errorf("%q: no Chinese", text)
			}
			return true
		})
	}
	if formats < 60 {
		t.Errorf("%d texts", formats)
	}
}

// sample is a text that a format makes.
func sample(format string) string {
	return strings.NewReplacer("%d", "7", "%q", `"some"`, "%s", "some", "%v", "some", "%w", "some").Replace(format)
}

// sourceFiles are those of the package, without its tests.
func sourceFiles(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// TestTranslated says in Chinese what keeps a reader from beginning; what is Istio's own stays as it is.
func TestTranslated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"no lab is running; `bin/lab up` or `make run` starts one":   "没有正在运行的 lab；用 `bin/lab up` 或 `make run` 启动一个",
		`the lab knows no kind "podd"; did you mean pods?`:           `lab 没有种类 "podd"；是不是想写 pods？`,
		`the lab knows no kind "sts": pods are those of Deployments`: `lab 没有种类 "sts"：Pod 都属于 Deployment`,
		`services "custmer" not found; did you mean customer?`:       `没有名为 "custmer" 的 services；是不是想写 customer？`,
		`pods "x" not found; there is a, b`:                          `没有名为 "x" 的 pods；现有：a, b`,
		"ingress: 127.0.0.1:8280 is taken by lab tutorial, pid 7: `bin/lab --name tutorial down` ends it, or " +
			"`bin/lab up --listen 127.0.0.1:8281` listens elsewhere, as does `make run LISTEN=127.0.0.1:8281`": "入口：127.0.0.1:8280 已被占用：" +
			"lab tutorial，pid 7。用 `bin/lab --name tutorial down` 结束它，或者换一个地址：`bin/lab up --listen 127.0.0.1:8281`，或 `make run LISTEN=127.0.0.1:8281`",
		"ingress: 127.0.0.1:8280 is taken by another program: end that, or `a` listens elsewhere": "入口：127.0.0.1:8280 已被占用：" +
			"另一个程序。请结束它，或者换一个地址：`a`",
		"ingress: 127.0.0.1:8280 is taken by another program: end that, or `a` listens elsewhere, as does `make run LISTEN=b`": "入口：127.0.0.1:8280 已被占用：" +
			"另一个程序。请结束它，或者换一个地址：`a`，或 `make run LISTEN=b`",
	} {
		if got, ok := translated(text, chinese); !ok || got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got, ok := translated(text, english); ok || got != text {
			t.Errorf("in English: %q", got)
		}
	}
	const ofIstio = `x.yml:2: virtualservices.networking.istio.io "recommendation" already exists`
	if got, ok := translated(ofIstio, chinese); ok || got != ofIstio {
		t.Errorf("%q", got)
	}
}

// TestTranslations holds that both sides of the table have the same places.
func TestTranslations(t *testing.T) {
	t.Parallel()
	for _, pair := range inChinese() {
		places := len(verb.FindAllString(pair[0], -1))
		for i := range places {
			if !strings.Contains(pair[1], fmt.Sprintf("%%[%d]s", i+1)) {
				t.Errorf("%q has no place for part %d of %q", pair[1], i+1, pair[0])
			}
		}
		if !isChinese(pair[1]) && !strings.ContainsAny(pair[1], "，：") || strings.Contains(pair[1], fmt.Sprintf("%%[%d]", places+1)) {
			t.Errorf("%q", pair)
		}
	}
}

// TestLanguage takes the reader's language from --lang, wherever it stands, and else from the locale.
func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, locale, want string }{
		{"lesson 1", "", english}, {"lesson 1", "zh_CN.UTF-8", chinese}, {"lesson 1 --lang zh", "C", chinese},
		{"lessn --lang=zh 1", "C", chinese}, {"lesson --lang en", "zh_TW", english}, {"lesson --lang", "de_DE", english},
	} {
		a := &app{process: process{args: strings.Fields(c.args), getenv: func(name string) string {
			return map[string]string{"LC_ALL": c.locale}[name]
		}}}
		if got := a.language(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		a.getenv = func(name string) string {
			return map[string]string{"LANG": "zh_CN.UTF-8", languageVariable: english}[name]
		}
		if got := a.language(); got != english && !strings.Contains(c.args, "zh") {
			t.Errorf("%+v, in a lesson in English: %s", c, got)
		}
	}
}
