package book

import (
	"regexp"
	"strings"
	"testing"
)

// What a paragraph may announce by a colon, and the marks of editions, which stand between.
var (
	announced     = regexp.MustCompile(`^(\x60\x60\x60|[-*+] |\d+\. |\||>|!\[)`)
	markOfEdition = regexp.MustCompile(`^(\*\*[^*]+\*\*|<!--.*-->)$`)
	fences        = regexp.MustCompile("(?ms)^```.*?^```$")
)

// TestColons has no paragraph of a walk end with a colon that nothing follows.
func TestColons(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"docs", "docs/zh"} {
		for _, p := range pagesOf(t, folder) {
			for _, edition := range Editions() {
				if open := danglingColon(p, edition); p.In(edition) && open != "" {
					t.Errorf("%s: a walk in edition %s has nothing after: %s", p.File, edition, open)
				}
			}
		}
	}
}

// danglingColon is the first paragraph of a page in an edition that announces what does not come.
func danglingColon(p Page, edition string) string {
	open := ""
	for _, b := range p.Blocks {
		switch {
		case !b.In(edition):
			continue
		case b.Text == "": // commands, or a check
			open = ""
			continue
		}
		text := fences.ReplaceAllString(b.Text, "```")
		for piece := range strings.SplitSeq(text, "\n\n") {
			piece = strings.TrimSpace(piece)
			switch {
			case piece == "" || markOfEdition.MatchString(piece):
				continue
			case open != "" && !announced.MatchString(piece):
				return open
			}
			open = ""
			if strings.HasSuffix(piece, ":") || strings.HasSuffix(piece, "：") {
				open = piece
			}
		}
	}
	return open
}
