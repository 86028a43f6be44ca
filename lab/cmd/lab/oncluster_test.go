package main

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestOwn holds which words are the lab's on a cluster; all others are kubectl's.
func TestOwn(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"pods -o wide":                             "pods -o wide",
		"--on cluster -n a pods":                   "pods",
		"pods -na --context=b --kubeconfig c":      "pods",
		"-f x --no-wait -v":                        "-f x",
		"pods -v 6":                                "pods -v 6",
		"pods --v=6":                               "pods --v=6",
		"pod -c x -- run -n 1 -v --no-wait --on a": "pod -c x -- run -n 1 -v --no-wait --on a",
		"pods -A --namespace":                      "pods -A --namespace",
	} {
		a := &app{}
		if got := strings.Join(a.own(strings.Fields(line)), " "); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	a := &app{}
	a.own(strings.Fields("-n a --context=b --kubeconfig c --no-wait -v -h"))
	if want := (there{context: "b", kubeconfig: "c", echo: true, noWait: true, help: true}); a.there != want || a.namespace != "a" {
		t.Errorf("%+v in %q", a.there, a.namespace)
	}
}

func TestFilesIn(t *testing.T) {
	t.Parallel()
	s, rest := filesIn(strings.Fields("-f a -fb -f=c --filename d --filename=e -k g --kustomize=h -R x -- -f y"))
	if !slices.Equal(s.files, strings.Fields("a b c d e")) || !slices.Equal(s.folders, strings.Fields("g h")) ||
		!s.recursive || !slices.Equal(rest, strings.Fields("x -- -f y")) {
		t.Errorf("%+v, %q", s, rest)
	}
	if s, rest := filesIn([]string{"-l", "a=b", "-f"}); s.given() || len(rest) != 3 {
		t.Errorf("%+v, %q", s, rest)
	}
}

func TestHasTerminal(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"edit vs a": true, "exec -it pod -- sh": true, "exec pod -ti -c a": true, "exec --tty pod": true,
		"exec -i pod -- sh": false, "exec pod -- ls -t": false, "logs -t": false,
	} {
		words := strings.Fields(line)
		if got := hasTerminal(verbThere{name: words[0]}, words[1:]); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}

func TestIsDryRun(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"-f a": false, "--dry-run=none": false, "--dry-run none": false,
		"--dry-run=server": true, "--dry-run client": true, "-f a --dry-run": true,
	} {
		if got := isDryRun(strings.Fields(line)); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}

// TestPlaceOf names what was given, where it is no place; a variable without a value is none that was set.
func TestPlaceOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, variable, want string }{
		{"--on= get pods", "", "--on=: want lab or cluster"}, {"--on=x get pods", "x", "--on=x: want lab or cluster"},
		{"get pods", "x", "LAB_ON=x: want lab or cluster"}, {"get pods", "", "no lab is running"},
	} {
		got := surroundings{env: map[string]string{"LAB_ON": c.variable}}.run(t, strings.Fields(c.args)...)
		if got.status == ok || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%q with LAB_ON=%s: %+v", c.args, c.variable, got)
		}
	}
}

// TestNoWayIn says how to open the way into a cluster where nobody answers there, and not where an address is given.
func TestNoWayIn(t *testing.T) {
	t.Parallel()
	nobody := httptest.NewServer(nil)
	nobody.Close()
	s := surroundings{env: map[string]string{"LAB_ON": "cluster", "CUSTOMER_URL": nobody.URL}}
	const hint = "kubectl -n istio-tutorial port-forward service/customer-gateway-istio 8280:80\n"
	if got := s.run(t, "load", "-c", "1", "-r", "1"); got.status != failed || !strings.HasSuffix(got.stderr, hint) {
		t.Errorf("%+v", got)
	}
	if got := s.run(t, "load", "-c", "1", "-r", "1", nobody.URL); got.status != failed || strings.Contains(got.stderr, "port-forward") {
		t.Errorf("%+v", got)
	}
}
