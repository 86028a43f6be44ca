package objects_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/objects"
)

// TestNothingTwice holds that one command, and one analysis, says nothing twice.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	vs := func(name, rest string) string {
		return "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: " + name + rest + "\n"
	}
	const to = "route: [{destination: {host: recommendation}}]"
	for name, c := range map[string]struct {
		text, of string
		want     int
	}{
		"two of a host":             {vs("a", "}\nspec: {hosts: [recommendation], http: [{"+to+"}]}") + vs("b", "}\nspec: {hosts: [recommendation], http: [{"+to+"}]}"), "IST0109", 1},
		"a header twice":            {vs("a", "}\nspec: {hosts: [recommendation], http: [{match: [{headers: {a: {exact: b}}}, {headers: {a: {exact: c}}}], "+to+"}]}"), "passes header a on", 1},
		"two of no namespace":       {vs("a", ", namespace: none}\nspec: {hosts: [x.a], http: [{"+to+"}]}") + vs("b", ", namespace: none}\nspec: {hosts: [x.b], http: [{"+to+"}]}"), "no namespace none", 1},
		"two that say so of others": {vs("a", "}\nspec: {hosts: [x.a], http: [{"+to+"}]}") + vs("b", "}\nspec: {hosts: [x.a], http: [{"+to+"}]}"), "never acts for host x.a", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := parse(t, c.text)
			before := deployed(t)
			s, results, err := before.Change(objects.Create, list, time.Unix(2, 0))
			if err != nil {
				t.Fatal(err)
			}
			said, times := map[string]int{}, 0
			for _, r := range s.Explain(before, results, s.Expected()) {
				for _, w := range r.Warnings {
					if said[w]++; strings.Contains(w, c.of) {
						times++
					}
				}
			}
			for w, n := range said {
				if n > 1 {
					t.Errorf("%d times: %s", n, w)
				}
			}
			if times != c.want {
				t.Errorf("%d warnings with %q, want %d: %v", times, c.of, c.want, said)
			}
			lines := map[string]int{}
			for _, f := range before.Analyze([]objects.File{{Name: "f", Data: []byte(c.text)}}, namespace) {
				line := fmt.Sprint(f.Line, f.Sentence())
				if lines[line]++; lines[line] > 1 {
					t.Errorf("analyze: twice %s", line)
				}
			}
		})
	}
}

// TestSecretInUse holds that who deletes or breaks the Secret of a Gateway is told which Gateway that is.
func TestSecretInUse(t *testing.T) {
	t.Parallel()
	signer, err := identity.NewSigner(time.Now().AddDate(-30, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	old, err := signer.Host("a.test")
	if err != nil {
		t.Fatal(err)
	}
	signer, err = identity.NewSigner(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	good, err := signer.Host("a.test")
	if err != nil {
		t.Fatal(err)
	}
	secret := func(certificate, key []byte) string {
		return fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, namespace: istio-system}\n"+
			"stringData: {tls.crt: %q, tls.key: %q}\n", certificate, key)
	}
	const gw = "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: gw}\n" +
		"spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, " +
		"tls: {mode: SIMPLE, credentialName: c}, hosts: [a.test]}]}\n"
	begin := change(t, deployed(t), objects.Apply, 1, secret(good.Certificate, good.Key)+gw)
	for name, c := range map[string]struct {
		verb objects.Verb
		text string
		want []string
	}{
		"renewed":       {objects.Apply, secret(good.Certificate, good.Key), nil},
		"another's key": {objects.Apply, secret(good.Certificate, old.Key), []string{"[IST0161] (Gateway istio-tutorial/gw) The credential"}},
		"garbage":       {objects.Apply, secret([]byte("x"), []byte("y")), []string{"[IST0161] (Gateway istio-tutorial/gw) The credential"}},
		"expired": {objects.Apply, secret(old.Certificate, old.Key), []string{
			"the certificate of tls.crt has expired, on ", "[IST0161] (Gateway istio-tutorial/gw) The credential",
			"(Gateway istio-tutorial/gw) the certificate of Secret istio-system/c has expired, on ",
		}},
		"deleted": {objects.Delete, secret(good.Certificate, good.Key), []string{`[IST0101] (Gateway istio-tutorial/gw) Referenced credentialName not found: "c"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, results, err := begin.Change(c.verb, parse(t, c.text), time.Unix(2, 0))
			if err != nil {
				t.Fatal(err)
			}
			said := s.Explain(begin, results, s.Expected())[0].Warnings
			if len(said) != len(c.want) {
				t.Fatalf("warnings %q, want %q", said, c.want)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(said[i], want) {
					t.Errorf("warning %q, want %q", said[i], want)
				}
			}
			if again := fmt.Sprint(s.Explain(s, results, s.Expected())[0].Warnings); strings.Contains(again, "Gateway") {
				t.Errorf("said again: %s", again)
			}
		})
	}
}
