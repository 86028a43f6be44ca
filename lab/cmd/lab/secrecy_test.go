package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

// told are the command lines with which each verb says what it knows, of a lab that has Secrets. A verb that
// is not here fails the test.
func told() map[string][]string {
	const broken = "-f unencoded.yml -f misspelt.yml -f unquoted.yml -f outdented.yml"
	all := map[string][]string{
		"annotate": {
			"secret made -n istio-system a=b --overwrite", "secret/file a=b --overwrite", "secret --all --list", "secret file kubectl.kubernetes.io/last-applied-configuration-",
			"-f file.yml kubectl.kubernetes.io/last-applied-configuration={}",
		},
		"api-resources":     {""},
		"apply":             {"-f file.yml", "-f file.yml --dry-run=client", broken},
		"create":            {"-f file.yml", "-f file.yml --dry-run=client", broken},
		"create deployment": {"a --image=b --dry-run=client"},
		"create secret tls": {"made -n istio-system --cert=certs/shop.example.crt --key=certs/shop.example.key", "a --cert=certs/shop.example.key --key=certs/shop.example.crt"},
		// But for --dry-run=client -o yaml, which is asked for the very key, to be applied.
		"create secret generic": {"a --from-file=certs/shop.example.key --dry-run=client", "file --from-file=tls.key=certs/ann.key"},
		"cert":                  {"shop.example --client ann --out certs", "other.example --out certs"},
		"convert":               {"-f file.yml", broken},
		"analyze":               {"", "file.yml", "unencoded.yml misspelt.yml unquoted.yml outdented.yml", "--all-namespaces"},
		"validate":              {"-f file.yml", broken},
		"delete":                {"secret nope", "-f unencoded.yml"},
		"describe":              {"all -n istio-system"},
		"diff":                  {"-f file.yml", broken, "-f deploy/customer"},
		"edit":                  {"secret file", "secret made -n istio-system"},
		"events":                {"", "-A"},
		"exec":                  {"deployment/customer -- env"},
		"explain":               {"secret", "secret.data", "deployment"},
		"get":                   {"all -A", "secret file", "secret made -n istio-system", "secrets -A --show-labels", "configmaps -A"},
		"graph":                 {""},
		"kube-inject":           {"-f gateway.yml"},
		"label":                 {"secret file a=b --overwrite", "secret --all --list"},
		"load":                  {"-c 1 -r 3 -v"},
		"logs":                  {"deployment/customer", "deployment/customer -c istio-proxy", "-l app=preference --all-containers"},
		"metrics":               {""},
		"patch":                 {`secret file -p {"metadata":{"labels":{"c":"d"}}}`, `secret file -p {"data":{"tls.key":5}}`},
		"proxy-logs":            {""},
		"proxy-status":          {"", "deployment/customer"},
		"replace":               {"-f file.yml", broken},
		"reset":                 {"--dry-run"},
		"rollout history":       {"deployment/customer"},
		"rollout restart":       {"deployment/recommendation-v1"},
		"rollout status":        {"deployment/recommendation-v1"},
		"rollout undo":          {"deployment/customer"},
		"routes":                {"", "--all", "--to shop.example"},
		"scale":                 {"deployment/customer --replicas=1"},
		"set env":               {"deployment/customer --list"},
		"set image":             {"deployment/customer customer=nope"},
		"stats":                 {"", "deployment/customer"},
		"status":                {""},
		"token":                 {"", "--claim a=b", "--key other"},
		"token jwks":            {""},
		"top":                   {""},
		"version":               {""},
		"wait":                  {"secret/file --for=jsonpath={.data}=x --timeout=1s", "secret/file --for=jsonpath={.data.tls\\.key} --timeout=1s"},
		"why":                   {"", "-n 9", "--send", "--send https://shop.example:443", "--not v2"},
		"x describe pod":        {"deployment/customer"},
		"x describe service":    {"customer"},
		"proxy-config bootstrap": {
			"deployment/customer",
		},
		// They print what these verbs do, of labs of their own, or end this one.
		"down": nil, "up": nil, "lesson": nil, "verify": nil,
		"completion bash": {""}, "completion zsh": {""}, "completion fish": {""}, "completion powershell": {""},
	}
	for _, part := range []string{"all", "clusters", "endpoints", "listeners", "routes", "secrets"} {
		all["proxy-config "+part] = []string{"deployment/customer", "deployment/preference"}
	}
	for _, k := range objects.Kinds() {
		all["get"] = append(all["get"], k.String()+" -A -o yaml")
		all["describe"] = append(all["describe"], k.String(), k.String()+" -n istio-system")
	}
	return all
}

// formatsOf are the values of a verb's --output: those that a shell completes, with something to pick where
// they want that.
func formatsOf(cmd *cobra.Command) []string {
	list := []string{""}
	offer, ok := cmd.GetFlagCompletionFunc("output")
	if !ok {
		return list
	}
	words, _ := offer(cmd, nil, "")
	for _, word := range words {
		switch word = strings.TrimSuffix(word, "="); {
		case strings.HasSuffix(word, "-file"): // the same, read from a file
		case strings.HasPrefix(word, "jsonpath"):
			list = append(list, word+"={}", word+"={.items[*].data}", word+"={..data}", word+"={..annotations}")
		case word == "custom-columns":
			list = append(list, word+"=A:.data,B:.metadata")
		case word == "go-template":
			list = append(list, word+"={{.}}")
		default:
			list = append(list, word)
		}
	}
	return list
}

// verbsBelow are the paths of all verbs, without the program's name.
func verbsBelow(cmd *cobra.Command, path []string, do func(path string, cmd *cobra.Command)) {
	for _, c := range cmd.Commands() {
		switch at := append(slices.Clone(path), c.Name()); {
		case c.Name() == "help" || c.Hidden:
		case c.HasSubCommands():
			verbsBelow(c, at, do)
			if c.Runnable() && len(told()[strings.Join(at, " ")]) > 0 { // it is a verb itself, such as create
				do(strings.Join(at, " "), c)
			}
		default:
			do(strings.Join(at, " "), c)
		}
	}
}

// sayAll runs every verb with every format, and holds that none of them prints a private key.
func sayAll(ts *testscript.TestScript, _ bool, _ []string) {
	keys := keysOf(ts)
	seen := 0
	verbsBelow((&app{process: process{getenv: ts.Getenv}}).root(), nil, func(path string, cmd *cobra.Command) {
		lines, ok := told()[path]
		if !ok {
			ts.Fatalf("say in told what %q is tried with", path)
		}
		for _, line := range lines {
			for _, format := range formatsOf(cmd) {
				args := slices.Concat([]string{"lab"}, strings.Fields(path), strings.Fields(line))
				if format != "" {
					args = append(args, "-o", format)
				}
				if format != "" && (strings.Contains(line, "--dry-run") || strings.Contains(line, " -o ")) {
					continue
				}
				c := command(ts, args...)
				c.Env = append(c.Env, "EDITOR=cat")
				out, _ := c.CombinedOutput() // what it refuses is of interest, too
				seen += len(out)
				if what := keys.in(out); what != "" {
					ts.Fatalf("%q prints %s:\n%s", args, what, out)
				}
			}
		}
	})
	if seen < 1<<20 {
		ts.Fatalf("only %d bytes were printed", seen)
	}
}

// findsKeys holds that a private key is found where it is, in whatever form: else the others hold nothing.
func findsKeys(ts *testscript.TestScript, _ bool, args []string) {
	keys := keysOf(ts)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	once := base64.StdEncoding.EncodeToString(data)
	body := bytes.Join(keys[:1], nil)
	for _, text := range []string{string(data), once, base64.StdEncoding.EncodeToString([]byte(once)), "x: " + string(body), `{"d": "` + once[:30] + `"}`} {
		if keys.in([]byte(text)) == "" {
			ts.Fatalf("no key is found in %s", text)
		}
	}
}

// writeSecrets writes files of Secrets with a key: one that kubectl printed, and some that are wrong.
func writeSecrets(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	key := strings.TrimSpace(string(data))
	indented := strings.ReplaceAll(key, "\n", "\n    ")
	const head = "apiVersion: v1\nkind: Secret\n"
	last := fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","stringData":{"tls.key":%q}}`, key)
	for name, text := range map[string]string{
		"file": head + fmt.Sprintf("metadata: {name: file, annotations: {kubectl.kubernetes.io/last-applied-configuration: %q}}\n", last) +
			"data: {other: " + base64.StdEncoding.EncodeToString(data) + "}\nstringData:\n  client: |\n    " + indented + "\n",
		"unencoded": head + "metadata: {name: a}\ndata:\n  tls.key: |\n    " + indented + "\n",
		"misspelt":  head + "metadata: {name: a}\nstringDate:\n  tls.key: |\n    " + indented + "\nstringData: [\"" + strings.ReplaceAll(key, "\n", "\\n") + "\"]\n",
		"unquoted":  head + "metadata: {name: a}\nstringData:\n  tls.key: " + indented + "\n",
		"outdented": head + "metadata: {name: a}\nstringData:\n  tls.key: |\n" + key + "\n",
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name+".yml"), []byte(text), 0o600))
	}
}

// guarded holds of the files of labs that only their owner may read them, and that no key is among them.
func guarded(ts *testscript.TestScript, _ bool, _ []string) {
	keys, files := keysOf(ts), 0
	base := filepath.Join(ts.Getenv("XDG_RUNTIME_DIR"), "istio-tutorial")
	ts.Check(filepath.WalkDir(base, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 && (e.IsDir() || info.Mode().Type() == fs.ModeSocket) {
			return fmt.Errorf("%s: others may use it: %v", path, info.Mode())
		}
		if files++; !info.Mode().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if what := keys.in(data); what != "" {
			return fmt.Errorf("%s has %s", path, what)
		}
		return err
	}))
	if files < 5 {
		ts.Fatalf("%d files in %s", files, base)
	}
}

// silentProcesses holds that the command lines of all processes, which everybody may read, have no key; where
// there is no /proc, nothing.
func silentProcesses(ts *testscript.TestScript, _ bool, _ []string) {
	keys := keysOf(ts)
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil && !bytes.Contains(data, []byte("grep")) && keys.in(data) != "" {
			ts.Fatalf("%s: %q", file, data)
		}
	}
}

var pageAt = regexp.MustCompile(`http://localhost:\d+`)

// silentPage holds that all the page can ask for, and three of the snapshots that it gets, have no key.
func silentPage(ts *testscript.TestScript, _ bool, _ []string) {
	keys := keysOf(ts)
	url := pageAt.FindString(labs(ts)[ts.Getenv("LAB_NAME")].out.String())
	if url == "" {
		ts.Fatalf("no page in %s", &labs(ts)[ts.Getenv("LAB_NAME")].out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), labtest.Deadline)
	defer cancel()
	ask := func(path string) io.ReadCloser {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		ts.Check(err)
		res, err := http.DefaultClient.Do(req)
		ts.Check(err)
		if res.StatusCode != http.StatusOK {
			ts.Fatalf("%s: %s", path, res.Status)
		}
		return res.Body
	}
	for _, path := range []string{"/", "/api/snapshot", "/api/rules"} {
		body := ask(path)
		data, err := io.ReadAll(body)
		ts.Check(err)
		ts.Check(body.Close())
		if what := keys.in(data); what != "" || len(data) == 0 {
			ts.Fatalf("%s: %d bytes, with %q", path, len(data), what)
		}
	}
	stream := ask("/events")
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<24)
	for n := 0; n < 3 && lines.Scan(); {
		if what := keys.in(lines.Bytes()); what != "" {
			ts.Fatalf("/events: %s", what)
		}
		if bytes.HasPrefix(lines.Bytes(), []byte("data: {")) {
			n++
		}
	}
	ts.Check(lines.Err())
}
