package book

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Command is what a reader types, and what the page says comes of it.
type Command struct {
	Line int
	Text string
	// Output is what it prints, on both streams: … is any text, on a line of its own any lines.
	// None: it is not compared. A line that begins with Error: says that the command does not
	// succeed.
	Output []string
}

const (
	prompt     = "$ "
	moreprompt = "> "
	anything   = "…"
)

// Echo says a command as a page has it, line by line.
func (c Command) Echo(say func(line string)) {
	begin := prompt
	for line := range strings.SplitSeq(c.Text, "\n") {
		say(begin + line)
		begin = moreprompt
	}
}

// commands reads a console block: $ begins a command, > goes on with it, all else is its output.
func (r *reader) commands(code []byte, line int) []Command {
	var list []Command
	lines := strings.Split(strings.TrimSuffix(string(code), "\n"), "\n")
	for i, text := range lines {
		typed, isCommand := strings.CutPrefix(text, prompt)
		if isCommand {
			list = append(list, Command{Line: line + i, Text: typed})
			continue
		}
		if len(list) == 0 {
			r.fail(line+i, "want a command: %sCOMMAND", prompt)
			return nil
		}
		last := &list[len(list)-1]
		more, goesOn := strings.CutPrefix(text, moreprompt)
		if goesOn && len(last.Output) == 0 {
			last.Text += "\n" + more
		} else {
			last.Output = append(last.Output, text)
		}
	}
	return list
}

// typed reads a block that is a single command as it stands, so that a reader can copy it. The block
// of text right behind it, if there is one, is its output.
func (r *reader) typed(n *ast.FencedCodeBlock, line int) []Command {
	c := Command{Line: line, Text: strings.TrimSuffix(string(n.Lines().Value(r.source)), "\n")}
	if strings.TrimSpace(c.Text) == "" {
		r.fail(line, "want a command")
		return nil
	}
	if next, ok := n.NextSibling().(*ast.FencedCodeBlock); ok && r.info(next) == outputFence {
		code := next.Lines().Value(r.source)
		c.Output = strings.Split(strings.TrimSuffix(string(code), "\n"), "\n")
		r.from = r.after(next.Info.Segment.Stop + 1 + len(code))
	}
	return []Command{c}
}

// Succeeds reports whether the page says that the command does.
func (c Command) Succeeds() bool {
	for _, line := range c.Output {
		if strings.HasPrefix(line, "Error:") {
			return false
		}
	}
	return true
}

// Prints reports whether lines are what the page says.
func (c Command) Prints(lines []string) bool {
	if len(c.Output) == 0 {
		return true
	}
	return pattern(c.Output).MatchString(strings.Join(spaced(lines), "\n") + "\n")
}

// spaced has one blank for all white space: columns are as wide as what is in them.
func spaced(lines []string) []string {
	list := make([]string, len(lines))
	for i, l := range lines {
		list[i] = strings.Join(strings.Fields(l), " ")
	}
	return list
}

// pattern matches what output stands for.
func pattern(output []string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for _, line := range spaced(output) {
		if line == anything {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(line, anything)
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(p)
		}
		b.WriteString(strings.Join(parts, `.*`) + `\n`)
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String()) // of nothing but what is quoted
}

// loads reports whether a command applies a file: one of these verbs with its name.
func (c Command) loads(file string) bool {
	for line := range strings.SplitSeq(c.Text, "\n") {
		for _, verb := range []string{"create", "apply", "replace"} {
			words := strings.Fields(line)
			if i := index(words, "bin/lab", verb); i >= 0 && index(words[i:], "-f", file) >= 0 {
				return true
			}
		}
	}
	return false
}

// index is where the words of part stand in a row, -1 if nowhere.
func index(words []string, part ...string) int {
	for i := range words {
		if strings.HasPrefix(strings.Join(words[i:], " ")+" ", strings.Join(part, " ")+" ") {
			return i
		}
	}
	return -1
}
