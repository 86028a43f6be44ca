package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const isc = `Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`

const beerware = `"THE BEER-WARE LICENSE" (Revision 42):
<somebody@example.org> wrote this file. As long as you retain this notice you
can do whatever you want with this stuff. If we meet some day, and you think
this stuff is worth it, you can buy me a beer in return Somebody
`

// lay makes a module of one package, in a folder of its own, with the texts.
func lay(t *testing.T, texts map[string]string) module {
	t.Helper()
	m := module{path: "x.org/m", version: "v1.0.0", dir: t.TempDir()}
	inner := filepath.Join(m.dir, "a", "b")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.collect(inner); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, err string
		texts     map[string]string
	}{
		{"allowed", "", map[string]string{"LICENSE": isc}},
		{"above the package", "", map[string]string{"a/LICENSE.md": isc}},
		{"none", "x.org/m: no licence found", map[string]string{"README": isc, "license.go": isc}},
		{"unknown", "x.org/m: no licence found", map[string]string{"LICENSE": "All rights reserved.\n"}},
		{"not allowed", "x.org/m: Beerware is not allowed", map[string]string{"LICENCE": isc, "a/b/COPYING": beerware}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			said := ""
			if err := list(&out, []module{lay(t, c.texts)}); err != nil {
				said = err.Error()
			}
			if said != c.err || !strings.HasPrefix(out.String(), "x.org/m  v1.0.0  ") {
				t.Errorf("got %q, %q; want %q", said, out.String(), c.err)
			}
		})
	}
}

func TestLinked(t *testing.T) {
	t.Parallel()
	var out, stderr strings.Builder
	if status := run([]string{"../../..", "./service/setting", "./service/health"}, &out, &stderr); status != 0 {
		t.Fatalf("%d: %s", status, stderr.String())
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "github.com/go-chi/chi/v5  v5.") ||
		!strings.HasSuffix(lines[0], "  MIT") || !strings.HasPrefix(lines[1], "std  ") {
		t.Errorf("got\n%s", out.String())
	}
}
