package walk

import (
	"testing"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/onlab"
)

// TestSecureDoor names the door for encrypted connections to those who need it, and the page only where it may be.
func TestSecureDoor(t *testing.T) {
	t.Parallel()
	place := &onlab.Place{Secure: "127.0.0.1:9443"}
	for command, want := range map[string]string{
		"DOOR=${CUSTOMER_TLS:-127.0.0.1:8443}": " CUSTOMER_TLS=127.0.0.1:9443", "bin/lab get pods": "",
	} {
		page := book.Page{Blocks: []book.Block{{Editions: []string{"v1"}, Commands: []book.Command{{Text: command}}}}}
		for edition, want := range map[string]string{"v1": want, "classic": ""} {
			g := &guide{Walk: Walk{Page: page, Edition: edition}}
			if got := g.secureDoor(place); got != want {
				t.Errorf("%s, %s: %q, want %q", command, edition, got, want)
			}
		}
	}
	for console, want := range map[string]string{"off": "off", "": "127.0.0.1:0", "8281": "127.0.0.1:0"} {
		g := &guide{Walk: Walk{Getenv: func(string) string { return console }}}
		if got := g.anotherPage(); got != want {
			t.Errorf("LAB_CONSOLE=%s: %q, want %q", console, got, want)
		}
	}
}

// TestVariables names a lab's own values, and none that commands have without being told.
func TestVariables(t *testing.T) {
	t.Parallel()
	usual := map[string]string{"LAB_NAME": "tutorial", "CUSTOMER_URL": "http://a", "CUSTOMER_TLS": "b"}
	page := book.Page{Blocks: []book.Block{{Editions: []string{"v1"}, Commands: []book.Command{{Text: "$CUSTOMER_TLS"}}}}}
	g := &guide{Walk: Walk{
		Lab: "tutorial", Page: page, Edition: "v1", Usual: func(variable, value string) bool { return usual[variable] == value },
	}}
	for _, c := range []struct{ name, ingress, secure, want string }{
		{"tutorial", "http://a", "b", ""},
		{"tutorial", "http://c", "d", " CUSTOMER_URL=http://c CUSTOMER_TLS=d"},
		{"x", "http://a", "b", " LAB_NAME=x"},
	} {
		if got := g.variables(c.name, &onlab.Place{Ingress: c.ingress, Secure: c.secure}); got != c.want {
			t.Errorf("%v: %q, want %q", c, got, c.want)
		}
	}
}
