package book

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/prose"
)

// Words that belong to an edition, and tell its reader nothing in another's walk.
const (
	wordsOfClassic = `istiofiles/[\w-]+\.yml|RouteRule|DestinationPolicy|EgressRule|QuotaSpec|memquota|listchecker|denier|checknothing|` +
		`routerule|precedence|优先级|2018|0\.7\.1|Mixer|bin/lab create -f istiofiles|istioctl create|LEAST_CONN`
	wordsOfV1 = `istiofiles/v1/|VirtualService|DestinationRule|ServiceEntry|EnvoyFilter|AuthorizationPolicy|PeerAuthentication|` +
		`\bA Sidecar\b|subset|retryOn`
	wordsOfGatewayAPI = `istiofiles/gateway-api/|HTTPRoute|Gateway API`
	wordsOfToday      = `[Tt]oday|现在的 |Istio 1\.\d`
)

// compared are the pieces that name several editions on purpose, by page and begin, each with its reason.
func compared() map[string]string {
	return map[string]string{
		"00-first-run.md: The tutorial is from 2018": "tells that there are editions",
		"00-first-run.md: 教程写于 2018 年":               "tells that there are editions",
		"00-first-run.md: | edition |":               "compares the editions, to choose one",
		"00-first-run.md: Choose edition `v1`":       "says whom each edition is for",
		"00-first-run.md: 如果你有集群":                    "says whom each edition is for",
		"00-first-run.md: ```text\n$ make run":       "is what the lab prints without --edition, which is classic",
	}
}

// TestEditionsApart has a walk through a page never tell of another edition than its own.
func TestEditionsApart(t *testing.T) {
	t.Parallel()
	foreign := map[string]*regexp.Regexp{
		"classic":     regexp.MustCompile(wordsOfV1 + `|` + wordsOfGatewayAPI + `|` + wordsOfToday),
		"v1":          regexp.MustCompile(wordsOfClassic + `|` + wordsOfGatewayAPI),
		"gateway-api": regexp.MustCompile(wordsOfClassic + `|` + wordsOfV1),
	}
	allowed := compared()
	for _, folder := range []string{"docs", "docs/zh"} {
		for _, p := range pagesOf(t, folder) {
			for _, edition := range Editions() {
				if !p.In(edition) {
					continue
				}
				for _, b := range p.Blocks {
					shown := strings.Join(prose.Render(b.Text, prose.Style{Width: 1 << 20}), "\n")
					switch word := foreign[edition].FindString(shown); {
					case !b.In(edition) || word == "":
					case !b.Compares:
						t.Errorf("%s:%d: a walk in edition %s says %q: %.80s", p.File, b.Line, edition, word, b.Text)
					default:
						if !takeAllowed(allowed, filepath.Base(p.File), b.Text) {
							t.Errorf("%s:%d: compares editions without a reason: %.80s", p.File, b.Line, b.Text)
						}
					}
				}
			}
		}
	}
	for place, reason := range allowed {
		if reason != "" {
			t.Errorf("%s: nothing there names another edition", place)
		}
	}
}

// takeAllowed reports whether a place is an allowed one, and notes that it is needed.
func takeAllowed(allowed map[string]string, file, text string) bool {
	for place := range allowed {
		if strings.HasPrefix(file+": "+strings.TrimSpace(text), place) {
			allowed[place] = ""
			return true
		}
	}
	return false
}

// TestCommandsHaveNoComments keeps remarks out of what a reader pastes: they belong into the text.
func TestCommandsHaveNoComments(t *testing.T) {
	t.Parallel()
	remark := regexp.MustCompile(`(?m)^\s*#|\s#\s`)
	for _, p := range pagesOf(t, "docs") {
		for _, b := range p.Blocks {
			for _, c := range b.Commands {
				if found := remark.FindString(c.Text); found != "" {
					t.Errorf("%s:%d: a comment in a command: %s", p.File, c.Line, c.Text)
				}
			}
		}
	}
}
