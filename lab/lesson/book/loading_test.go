package book_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/book"
)

func TestLoading(t *testing.T) {
	t.Parallel()
	const docs = "../../../docs"
	for path, want := range map[string]string{
		"/any/where/istiofiles/route-rule-recommendation-503.yml": "04-errors.md",
		"/istiofiles/v1/route-rule-recommendation-503.yml":        "04-errors.md",
		"/istiofiles/route-rule-recommendation-503.yml.bak":       "",
		"/elsewhere/route-rule-recommendation-503.yml":            "",
		"/a/istiofiles/no-such-rule.yml":                          "",
	} {
		got, err := book.Loading(docs, path)
		if got = strings.TrimPrefix(got, docs+"/"); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
	if _, err := book.Loading(t.TempDir()+"/none", "/istiofiles/a.yml"); err == nil {
		t.Error("no error without a folder")
	}
}

// A page that only speaks of a file is not the one that loads it.
func TestLoadingWantsTheCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"01-speaks.md": "# 1. Speaks\n\nOf istiofiles/a.yml.\n\n```console\n$ bin/lab get pods\n```\n",
		"02-loads.md":  "# 2. Loads\n\n```console\n$ bin/lab create -f istiofiles/a.yml\n```\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := book.Loading(dir, "/x/istiofiles/a.yml")
	if err != nil || filepath.Base(got) != "02-loads.md" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSlowing holds that only what a page types before it loads a file counts.
func TestSlowing(t *testing.T) {
	t.Parallel()
	const docs = "../../../docs"
	for path, want := range map[string]string{
		"/istiofiles/route-rule-recommendation-timeout.yml":    "bin/lab set env deployment/recommendation-v2 TIMEOUT=3s",
		"/istiofiles/v1/route-rule-recommendation-timeout.yml": "bin/lab set env deployment/recommendation-v2 TIMEOUT=3s",
		"/istiofiles/recommendation_cb_policy_version_v2.yml":  "bin/lab set env deployment/recommendation-v2 TIMEOUT=500ms",
		"/istiofiles/recommendation_lb_policy_app.yml":         "", // its page is slow later
		"/istiofiles/route-rule-recommendation-503.yml":        "",
		"/istiofiles/no-such-rule.yml":                         "",
	} {
		if got, err := book.Slowing(docs, path); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", path, got, err, want)
		}
	}
}
