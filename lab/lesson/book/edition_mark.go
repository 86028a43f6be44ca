package book

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"istio-tutorial/lab/objects"
)

// mark is whose the text is that stands behind a comment.
type mark struct {
	editions []string // none: everybody's
	all      bool     // everybody's, though it may name several editions
	level    int      // of the heading whose section it covers; 0: it covers one piece
	fresh    bool     // what it covers is still to come
}

// every is the word for all editions.
const every = "all"

// markForm is the comment: <!-- edition: v1 gateway-api -->. No forge shows it.
var markForm = regexp.MustCompile(`^<!--\s*edition:(.*?)-->\s*$`)

// mark reads a comment that keeps what follows it to some editions: a paragraph, an item of a list, a
// table, an excerpt of a file or, before a heading, the section. The word all says that it is for all, and
// compares them.
func (r *reader) mark(n *ast.HTMLBlock, start int) {
	words := markForm.FindSubmatch(bytes.TrimSpace(n.Lines().Value(r.source)))
	if words == nil {
		return
	}
	r.text(start)
	end := n.Lines().At(n.Lines().Len() - 1).Stop
	r.from = end
	if r.marked.level > 0 {
		r.fail(r.line(start), "edition: its section has one already")
	}
	editions := strings.Fields(string(words[1]))
	r.marked = mark{fresh: true, all: slices.Equal(editions, []string{every})}
	switch {
	case r.marked.all:
	case len(editions) == 0:
		r.fail(r.line(start), "edition: want %s, or %s", strings.Join(Editions(), ", "), every)
	default:
		r.checkEditions(editions, r.line(start))
		r.marked.editions = editions
	}
}

func (r *reader) checkEditions(list []string, line int) {
	for _, e := range list {
		if !slices.Contains(Editions(), e) {
			r.fail(line, "edition %q: want one of %s", e, strings.Join(Editions(), ", "))
		}
	}
}

// scope ends what a mark covers, and begins it with what is covered. An excerpt of a rule file
// belongs to the edition of its folder.
func (r *reader) scope(n ast.Node, start int) {
	heading, isHeading := n.(*ast.Heading)
	fence, isFence := n.(*ast.FencedCodeBlock)
	switch {
	case r.marked.fresh && isHeading:
		r.marked.fresh, r.marked.level = false, heading.Level
	case r.marked.fresh:
		r.marked.fresh = false
		if isFence && r.isOurs(fence) {
			r.fail(r.line(start), "edition: name it behind the block's kind, not before it")
		}
		r.oneItem(n)
	case r.marked.level > 0 && (!isHeading || heading.Level > r.marked.level):
	default:
		next := mark{}
		if isFence {
			next.editions = editionOf(string(fence.Language(r.source)), r.info(fence))
		}
		r.remark(next, start)
	}
}

// oneItem ends a mark behind the first item of a list.
func (r *reader) oneItem(n ast.Node) {
	if list, ok := n.(*ast.List); ok && list.ChildCount() > 1 {
		r.remark(mark{}, r.start(list.FirstChild().NextSibling()))
	}
}

// remark has what begins at start stand under another mark, or under none.
func (r *reader) remark(next mark, start int) {
	if r.marked.all || len(r.marked.editions)+len(next.editions) > 0 {
		r.text(start)
	}
	r.marked = next
}

func (r *reader) info(n *ast.FencedCodeBlock) string {
	if n.Info == nil {
		return ""
	}
	return string(n.Info.Segment.Value(r.source))
}

func (r *reader) isOurs(n *ast.FencedCodeBlock) bool {
	_, ok := fenceKind(r.info(n))
	return ok
}

// editionOf is whose the rule file is that an excerpt is of.
func editionOf(language, info string) []string {
	path, ok := strings.CutPrefix(info, language+" "+ruleFiles)
	switch {
	case !ok:
		return nil
	case strings.HasPrefix(path, string(objects.V1)+"/"):
		return []string{string(objects.V1)}
	case strings.HasPrefix(path, string(objects.GatewayAPI)+"/"):
		return []string{string(objects.GatewayAPI)}
	}
	return []string{string(objects.Classic)}
}

// start is where the lines of a piece of a page begin.
func (r *reader) start(n ast.Node) int {
	for inner := n; inner != nil; inner = inner.FirstChild() {
		if offset := inner.Pos(); offset >= 0 && inner.Type() != ast.TypeInline {
			return bytes.LastIndexByte(r.source[:offset], '\n') + 1
		}
	}
	return r.from
}
