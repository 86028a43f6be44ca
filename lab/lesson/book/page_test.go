package book

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const fence = "```"

// page is a page of pieces, each on lines of its own.
func page(pieces ...string) []byte {
	return []byte("# 7. Title\n\n" + strings.Join(pieces, "\n\n") + "\n")
}

func fenced(info, content string) string { return fence + info + "\n" + content + "\n" + fence }

func TestRead(t *testing.T) {
	t.Parallel()
	p, err := Read("docs/07-name-of-it.md", page(
		"Some *text*.", fenced("yaml", "a: picture"),
		fenced("console", "$ one\n$ two \\\n> three\nits output\n\n> and this"),
		fenced("yaml check v1 classic", "send: 10\nanswers: {x: all}"),
		"## Clean up", fenced("console", "$ away"), "## A question", "Why?",
	))
	if err != nil {
		t.Fatal(err)
	}
	if p.Number != 7 || p.Name != "name-of-it" || p.Title != "7. Title" || p.Heading() != "Title" {
		t.Errorf("page %d %q %q", p.Number, p.Name, p.Title)
	}
	var kinds []string
	for _, b := range p.Blocks {
		switch {
		case b.Check != nil:
			kinds = append(kinds, "check")
		case b.Commands != nil:
			kinds = append(kinds, "commands")
		default:
			kinds = append(kinds, "text")
		}
	}
	if got := strings.Join(kinds, " "); got != "text commands check text commands text" {
		t.Fatalf("blocks: %s", got)
	}
	first := p.Blocks[1].Commands
	if len(first) != 2 || first[0].Text != "one" || first[1].Text != "two \\\nthree" || first[1].Line != 11 {
		t.Errorf("commands %+v", first)
	}
	if got := strings.Join(first[1].Output, "|"); got != "its output||> and this" {
		t.Errorf("output %q", got)
	}
	for i, clean := range []bool{false, false, false, true, true, false} {
		if p.Blocks[i].CleanUp != clean {
			t.Errorf("block %d cleans up: %t", i, !clean)
		}
	}
	if check := p.Blocks[2]; !check.In("v1") || !check.In("classic") || check.In("gateway-api") {
		t.Errorf("the check is of %v", check.Editions)
	}
	if !strings.Contains(p.Blocks[0].Text, "a: picture") || p.Blocks[5].Text != "## A question\n\nWhy?" {
		t.Errorf("texts %q, %q", p.Blocks[0].Text, p.Blocks[5].Text)
	}
}

// TestTyped takes a block sh for a single command as it stands, and the block of text right behind it
// for its output.
func TestTyped(t *testing.T) {
	t.Parallel()
	p, err := Read("07-x.md", page(
		"**Today**", fenced("sh v1", "cat <<END\n  $ a\n> b\nEND"), fenced("text", "$ a\n…"),
		fenced("sh", "echo"), "Text.", fenced("text", "a picture"), fenced("sh", "a"), fenced("console", "$ b"),
		"## Clean up", fenced("sh", "away"), fenced("text", "gone"),
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range p.Blocks {
		for _, c := range b.Commands {
			got = append(got, fmt.Sprintf("%d %q %q %q %t", c.Line, c.Text, c.Output, b.Editions, b.CleanUp))
		}
		if strings.Contains(b.Text, "gone") || strings.Contains(b.Text, "Today") {
			t.Errorf("text %q", b.Text)
		}
	}
	want := []string{
		`6 "cat <<END\n  $ a\n> b\nEND" ["$ a" "…"] ["v1"] false`, `18 "echo" [] [] false`, `28 "a" [] [] false`,
		`32 "b" [] [] false`, `38 "away" ["gone"] [] true`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLabels takes what is bold, and nothing else, for the name of the edition's block that follows.
func TestLabels(t *testing.T) {
	t.Parallel()
	p, err := Read("07-x.md", page(
		"**In 2018**", fenced("console classic", "$ a"), "Some text.\n\n**Today**, at last:",
		fenced("console v1", "$ b"), "**Today and\nfor ever**", fenced("console v1", "$ c"),
		"**Always**", fenced("console", "$ d"), "**Last**",
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range p.Blocks {
		if b.Text != "" {
			got = append(got, "text "+b.Text)
		} else {
			got = append(got, b.Commands[0].Text)
		}
	}
	want := []string{
		"text # 7. Title", "a", "text Some text.\n\n**Today**, at last:", "b",
		"c", "text **Always**", "d", "text **Last**",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMarks keeps text to the editions that a comment before it names: a paragraph, an item, a table,
// a section; and an excerpt to the edition of its file.
func TestMarks(t *testing.T) {
	t.Parallel()
	p, err := Read("07-x.md", page(
		"For all.", "<!-- edition: classic -->\nOld,\ntwice.", "All again.",
		"- one\n<!-- edition: v1 gateway-api -->\n- two\n<!-- edition: all -->\n- both, old and new\n- plain",
		"<!-- edition: v1 -->\n\n| a |\n|---|\n| new |", "After the table.",
		fenced("yaml istiofiles/a.yml", "old: file"), fenced("yaml istiofiles/v1/a.yml", "new: file"),
		fenced("yaml istiofiles/gateway-api/a.yml", "other: file"), "After the files.",
		"<!-- edition: v1 -->\n\n## Section", "Its text.", "### Below", fenced("console v1", "$ a"), "Its end.",
		"## Next", "For all at last.",
	))
	if err != nil {
		t.Fatal(err)
	}
	for edition, want := range map[string]string{
		"classic": "# 7. Title|For all.|Old,|twice.|All again.|- one|- both, old and new|- plain|After the table.|" +
			"old: file|After the files.|## Next|For all at last.",
		"v1": "# 7. Title|For all.|All again.|- one|- two|- both, old and new|- plain|a|---|new|After the table.|" +
			"new: file|After the files.|## Section|Its text.|### Below|Its end.|## Next|For all at last.",
		"gateway-api": "# 7. Title|For all.|All again.|- one|- two|- both, old and new|- plain|After the table.|" +
			"other: file|After the files.|## Next|For all at last.",
	} {
		var lines []string
		compares := ""
		for _, b := range p.Blocks {
			for line := range strings.SplitSeq(b.Text, "\n") {
				line = strings.Trim(line, "| ")
				if line != "" && b.In(edition) && !strings.HasPrefix(line, fence) {
					lines = append(lines, line)
				}
			}
			if b.Compares {
				compares += b.Text
			}
		}
		if got := strings.Join(lines, "|"); got != want {
			t.Errorf("%s: %s, want %s", edition, got, want)
		}
		if compares != "- both, old and new" {
			t.Errorf("compares: %q", compares)
		}
	}
}

func check(lines ...string) string { return fenced("yaml check", strings.Join(lines, "\n")) }

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no title":       {"text", "07-x.md:1: no title"},
		"empty sh":       {string(page(fenced("sh", " "))), "07-x.md:4: want a command"},
		"output first":   {string(page(fenced("console", "output"))), "07-x.md:4: want a command"},
		"edition":        {string(page(fenced("console v2", "$ a"))), `07-x.md:3: edition "v2": want one of`},
		"unknown key":    {string(page(check("send: 1", "answer: {x: 1}"))), "07-x.md:5: field answer not found"},
		"no YAML":        {string(page(check("send: 1", "answers: {"))), "07-x.md:5: "},
		"twice":          {string(page(check("send: 1", "answers:", "  x: 1", "  x: 2"))), "07-x.md:7: x: given twice"},
		"type":           {string(page(check("send: many"))), "07-x.md:4: cannot unmarshal"},
		"nothing":        {string(page(check("at once: 2"))), "07-x.md:4: send: missing"},
		"on what":        {string(page(check("on: moon", "send: 1", "answers: {x: all}"))), `on: "moon": want lab or cluster`},
		"no answers":     {string(page(check("send: 2"))), "07-x.md:4: answers: missing"},
		"too many":       {string(page(check("send: 100001", "answers: {x: all}"))), "send: 100001: want 1 to 100000"},
		"not divided":    {string(page(check("send: 5", "at once: 2", "answers: {x: all}"))), "at once: 2: want a divisor of 5"},
		"order at once":  {string(page(check("send: 4", "at once: 2", "in turn: [x]"))), "at once: an order is"},
		"amount":         {string(page(check("send: 5", "answers:", "  x: some"))), `07-x.md:6: "some": want N,`},
		"share":          {string(page(check("send: 5", "answers: {x: 101 %}"))), "more than 100 %"},
		"rate":           {string(page(check("send: 5", "answers: {x: at most 1 per never}"))), `"at most 1 per never": want`},
		"as nobody":      {string(page(check("send: 5", "answers: {x: all}", "counters: {p c: as y}"))), "p c: as y: no such kind"},
		"too few":        {string(page(check("send: 200", "answers: {x: '90 %, not 75 %'}"))), "send: 200 do not tell 90 % from 75 %: about"},
		"counted":        {string(page(check("send: 200", "answers: {x: all}", "counters: {p c: '25 %, not 30 %'}"))), "send: 200 do not tell 25 % from 30 %: about"},
		"never enough":   {string(page(check("send: 200", "answers: {x: '50 %, not 50 %'}"))), "nor does any number"},
		"late alone":     {string(page(check("send: 5", "answers: {x after 1s: all}"))), "no check before it shows how long"},
		"nothing loads":  {string(page(check("send: 5", "answers: {x: all}", "fails with: {a.yml: [left out]}"))), "07-x.md:6: fails with: a.yml: no command before"},
		"no change":      {string(page(check("send: 5", "answers: {x: all}", "fails with: {a.yml: [weight]}"))), `"weight": want left out, or FIELD VALUE`},
		"no changes":     {string(page(check("send: 5", "answers: {x: all}", "fails with: {a.yml: left out}"))), "a.yml: want a list of changes"},
		"cause":          {string(page(check("send: 5", "answers: {x: all}", "why: {x: {cause: magic}}"))), `07-x.md:6: cause: "magic": want one of`},
		"why of nobody":  {string(page(check("send: 5", "answers: {x: all}", "why: {y: {cause: answered}}"))), "07-x.md:4: why: y: no such kind of answers"},
		"why, a key":     {string(page(check("send: 5", "answers: {x: all}", "why: {x: {cause: answered, file: f}}"))), "07-x.md:6: field file not found"},
		"why, a text":    {string(page(check("send: 5", "answers: {x: all}", "why: {x: answered}"))), "07-x.md:6: want {cause: CAUSE"},
		"why, a list":    {string(page(check("send: 5", "answers: {x: all}", "why: [x]"))), "07-x.md:6: want TEXT: {cause:"},
		"no list":        {string(page(check("send: 5", "answers: [x]"))), "want NAME: AMOUNT"},
		"no UTF-8":       {"# 7. T\n\n" + fenced("console", "$ a\n\xffb"), "07-x.md:5: a byte that is no UTF-8"},
		"no heading":     {string(page("##")), "07-x.md:3: a heading without text"},
		"mark":           {string(page("<!-- edition: v2 -->", "a")), `07-x.md:3: edition "v2": want one of`},
		"empty mark":     {string(page("<!-- edition: -->", "a")), "07-x.md:3: edition: want classic,"},
		"mark of block":  {string(page("<!-- edition: v1 -->", fenced("console", "$ a"))), "07-x.md:5: edition: name it behind"},
		"mark twice":     {string(page("<!-- edition: v1 -->", "## A", "<!-- edition: v1 -->", "a")), "07-x.md:7: edition: its section has one"},
		"no host":        {string(page(check("send: 1", "tls: {ca: a}", "answers: {x: all}"))), "07-x.md:4: tls: host: missing"},
		"half a proof":   {string(page(check("send: 1", "tls: {host: a, cert: b}", "answers: {x: all}"))), "tls: cert, key: want both or neither"},
		"any and one":    {string(page(check("send: 1", "tls: {host: a, ca: b, insecure: true}", "answers: {x: all}"))), "tls: ca, insecure: want one of them"},
		"inside":         {string(page(check("send: 1", "from: a", "to: http://b", "tls: {host: a}", "answers: {x: all}"))), "tls: from: only the ingress takes encrypted requests"},
		"a key of tls":   {string(page(check("send: 1", "tls: {name: a}", "answers: {x: all}"))), "field name not found"},
		"what for sends": {string(page(check("wait for: {p c: 0}", "answers: {x: all}"))), "send: missing, for what is to come of it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read("07-x.md", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := Read("notes.md", page()); err == nil {
		t.Error("a page without a number is one")
	}
}

// TestReadAll has the problems of all pages at once.
func TestReadAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"02-b.md": "no title", "01-a.md": "none either", "README.md": "of no interest",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := ReadAll(dir)
	if err == nil || !strings.Contains(err.Error(), "01-a.md:1:") || !strings.Contains(err.Error(), "02-b.md:1:") {
		t.Errorf("error %v", err)
	}
	if _, err := ReadAll(t.TempDir()); err == nil {
		t.Error("a folder without lessons has some")
	}
}

func FuzzRead(f *testing.F) {
	pages, err := filepath.Glob("../../../docs/[0-9]*.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range pages {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(page(check("send: 4", "in turn: [x]", "repeats: 5"), fenced("console", "$ a\n> b\n…")))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read("07-x.md", data)
		if err != nil {
			return
		}
		for _, b := range p.Blocks {
			if b.Line < 1 || b.Line > strings.Count(string(data), "\n")+2 {
				t.Errorf("block at line %d of %d", b.Line, strings.Count(string(data), "\n"))
			}
			for _, c := range b.Commands {
				c.Prints([]string{"anything"})
			}
		}
	})
}
