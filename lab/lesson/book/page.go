// Package book reads the pages of docs/: what a page says, what is typed, what that prints, and what is
// claimed about the mesh. It runs nothing.
//
// A page is Markdown. Its fenced blocks named console are commands, run as they stand in one shell
// session, and what they are to print; those named "yaml check" are claims about the answers of the
// mesh, see [Check]. A name of an edition behind it (console v1) keeps a block to that edition, and
// with it the paragraph before it, if all of that is bold. Text is kept to an edition by a comment
// before it, see [reader.mark].
package book

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/objects"

	"github.com/yuin/goldmark/ast"
)

// Page is one lesson.
type Page struct {
	File   string // as it was named to Read
	Number int
	Name   string // the file's, without number and ending
	Title  string
	Blocks []Block
}

// Is reports whether a word names the page: by its number, or by its name.
func (p Page) Is(word string) bool {
	n, err := strconv.Atoi(word)
	return err == nil && n == p.Number || word == p.Name
}

// Heading is the title without its number.
func (p Page) Heading() string {
	return strings.TrimPrefix(p.Title, strconv.Itoa(p.Number)+". ")
}

// Block is a piece of a page: text, commands or a check, and nothing else of these.
type Block struct {
	Line     int
	Text     string // Markdown, what is only to be read
	Commands []Command
	Check    *Check
	Editions []string // none: all
	Compares bool     // the text speaks of several editions on purpose
	CleanUp  bool     // it stands under the last heading that says so
}

// In reports whether a block belongs to an edition.
func (b Block) In(edition string) bool {
	return len(b.Editions) == 0 || slices.Contains(b.Editions, edition)
}

// Editions are those that a block can belong to.
func Editions() []string {
	return []string{string(objects.Classic), string(objects.V1), string(objects.GatewayAPI)}
}

// In reports whether a page says anything in an edition. Those of 2018's tutorial, which is the classic
// one's, do there; a page of which no block is of the classic edition is not among them. One that
// names no edition holds in all.
func (p Page) In(edition string) bool {
	if edition == string(objects.Classic) {
		return len(p.Blocks) == 0 || slices.ContainsFunc(p.Blocks, func(b Block) bool {
			return b.Text == "" && b.In(edition)
		})
	}
	named := false
	for _, b := range p.Blocks {
		if b.Text != "" {
			continue // it says what others do
		}
		if slices.Contains(b.Editions, edition) {
			return true
		}
		named = named || len(b.Editions) > 0
	}
	return !named
}

// cleanUp are the headings, in the languages of docs/, of what puts everything back.
func cleanUp() []string { return []string{"Clean up", "清理"} }

const (
	consoleFence = "console"
	typedFence   = "sh"
	checkFence   = "yaml check"
	outputFence  = "text"
)

// fileName is NUMBER-NAME.md.
var fileName = regexp.MustCompile(`^(\d\d)-([a-z0-9-]+)\.md$`)

// ReadAll reads the pages of a folder, in the order of their numbers. The error has the problems
// of all of them, a line each.
func ReadAll(folder string) ([]Page, error) {
	names, err := listPages(folder)
	if err != nil {
		return nil, err
	}
	var pages []Page
	var errs []error
	for _, path := range names {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		page, err := Read(path, data)
		errs = append(errs, err)
		pages = append(pages, page)
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%s: no lessons in it", folder)
	}
	slices.SortStableFunc(pages, func(a, b Page) int { return cmp.Compare(a.Number, b.Number) })
	return pages, errors.Join(errs...)
}

// listPages are the files of a folder that are pages, by name.
func listPages(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	var names []string
	for _, e := range entries {
		if fileName.MatchString(e.Name()) {
			names = append(names, filepath.Join(folder, e.Name()))
		}
	}
	return names, err
}

// Read reads a page. Every problem in the error reads FILE:LINE: CAUSE.
func Read(file string, source []byte) (Page, error) {
	name := fileName.FindStringSubmatch(filepath.Base(file))
	if name == nil {
		return Page{}, fmt.Errorf("%s: want a name like 01-two-versions.md", file)
	}
	number, err := strconv.Atoi(name[1])
	if err != nil {
		return Page{}, err
	}
	r := &reader{source: source, page: Page{File: file, Number: number, Name: name[2]}}
	r.read()
	return r.page, errors.Join(append(r.errs, r.page.complete()...)...)
}

// complete is what a page lacks.
func (p Page) complete() []error {
	if p.Title == "" {
		return []error{fmt.Errorf("%s:1: no title: begin with # TITLE", p.File)}
	}
	errs := p.unmatched()
	for _, edition := range Editions() {
		for _, err := range p.uncompared(edition) {
			if !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) {
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// reader goes through a page once.
type reader struct {
	source  []byte
	page    Page
	from    int // where the text begins that is not yet in a block
	cleanUp bool
	marked  mark
	errs    []error
}

func (r *reader) read() {
	if valid := bytes.ToValidUTF8(r.source, nil); len(valid) < len(r.source) {
		r.fail(r.line(common(valid, r.source)), "a byte that is no UTF-8")
		return
	}
	for n := prose.Parse(r.source).FirstChild(); n != nil; n = n.NextSibling() {
		start := r.start(n)
		r.scope(n, start)
		switch n := n.(type) {
		case *ast.HTMLBlock:
			r.mark(n, start)
		case *ast.Heading:
			r.heading(n, start)
		case *ast.FencedCodeBlock:
			r.fence(n, labelOf(n))
		}
	}
	r.text(len(r.source))
}

// common is how many bytes two texts begin with that are the same.
func common(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

func (r *reader) heading(n *ast.Heading, start int) {
	title := string(n.Lines().Value(r.source))
	if title == "" {
		r.fail(r.line(start), "a heading without text")
		return
	}
	if r.page.Title == "" && n.Level == 1 {
		r.page.Title = title
	}
	if r.cleanUp != isCleanUp(title) {
		r.text(start)
	}
	r.cleanUp = isCleanUp(title)
}

func isCleanUp(title string) bool { return slices.Contains(cleanUp(), title) }

// labelOf is the paragraph before a block, if it is bold and nothing else: it tells a reader of all
// editions whose the block is.
func labelOf(n *ast.FencedCodeBlock) *ast.Paragraph {
	before, ok := n.PreviousSibling().(*ast.Paragraph)
	if !ok || before.ChildCount() != 1 {
		return nil
	}
	if strong, ok := before.FirstChild().(*ast.Emphasis); !ok || strong.Level != 2 {
		return nil
	}
	return before
}

func (r *reader) fence(n *ast.FencedCodeBlock, label *ast.Paragraph) {
	info := r.info(n)
	kind, ok := fenceKind(info)
	if !ok {
		return
	}
	block := Block{Editions: strings.Fields(strings.TrimPrefix(info, kind)), CleanUp: r.cleanUp}
	content := n.Info.Segment.Stop + 1
	block.Line = r.line(content)
	r.checkEditions(block.Editions, block.Line-1)
	if label != nil && len(block.Editions) > 0 {
		r.text(label.Lines().At(0).Start)
		r.from = label.Lines().At(label.Lines().Len() - 1).Stop
	}
	r.text(bytes.LastIndexByte(r.source[:n.Info.Segment.Start], '\n') + 1)
	code := n.Lines().Value(r.source)
	r.from = r.after(content + len(code))
	switch kind {
	case consoleFence:
		block.Commands = r.commands(code, block.Line)
	case typedFence:
		block.Commands = r.typed(n, block.Line)
	default:
		block.Check = r.check(code, block.Line)
	}
	r.page.Blocks = append(r.page.Blocks, block)
}

// fenceKind is what the words behind a fence begin with, if they are ours.
func fenceKind(info string) (string, bool) {
	for _, kind := range []string{consoleFence, typedFence, checkFence} {
		if info == kind || strings.HasPrefix(info, kind+" ") {
			return kind, true
		}
	}
	return "", false
}

// text closes the block of text before an offset, if there is any.
func (r *reader) text(until int) {
	if until < r.from {
		return
	}
	piece := r.source[r.from:until]
	if strings.TrimSpace(string(piece)) != "" {
		r.page.Blocks = append(r.page.Blocks, Block{
			Line: r.line(r.from), Text: strings.Trim(string(piece), "\n"), CleanUp: r.cleanUp,
			Editions: r.marked.editions, Compares: r.marked.all,
		})
	}
	r.from = until
}

// after is the begin of the line behind the one at an offset: the one that closes a fence.
func (r *reader) after(offset int) int {
	end := bytes.IndexByte(r.source[min(offset, len(r.source)):], '\n')
	if end < 0 {
		return len(r.source)
	}
	return offset + end + 1
}

func (r *reader) line(offset int) int { return bytes.Count(r.source[:offset], []byte("\n")) + 1 }

func (r *reader) fail(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.page.File, line, fmt.Sprintf(format, args...)))
}
