package cluster_test

import (
	"errors"
	"strings"
	"testing"

	"istio-tutorial/lab/cluster"
)

const refusedLine = "The connection to the server localhost:8080 was refused - did you specify the right host or port?"

// noisy is what a kubectl prints that reaches no cluster.
const noisy = `E1130 18:00:32.945597    6445 memcache.go:381] "Couldn't get current server API group list" err="refused"
E1130 18:00:32.947645    6445 memcache.go:265] "Unhandled Error" err="refused"
` + refusedLine + "\n"

// TestQuiet leaves one clear line, and all that is no noise, whatever the pieces are in which it comes.
func TestQuiet(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		noisy: refusedLine + "\n", "Enter a name: ": "Enter a name: ", "Error: no\nhint": "Error: no\nhint", "": "",
		"E1130 18:00:32.945597    6445 round_trippers.go:1] wanted by -v\n": "E1130 18:00:32.945597    6445 round_trippers.go:1] wanted by -v\n",
	} {
		for _, piece := range []int{1, 7, len(said) + 1} {
			var out strings.Builder
			q := cluster.NewQuiet(&out)
			for rest := said; rest != ""; {
				n := min(piece, len(rest))
				if _, err := q.Write([]byte(rest[:n])); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := q.Close(); err != nil || out.String() != want {
				t.Errorf("%q in pieces of %d: %q, %v", said, piece, out.String(), err)
			}
		}
	}
}

// TestOpenLine does not keep a question back.
func TestOpenLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	q := cluster.NewQuiet(&out)
	if _, err := q.Write([]byte("Password: ")); err != nil || out.String() != "Password: " {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// TestNoCluster has one line in the error of a line that reaches no cluster.
func TestNoCluster(t *testing.T) {
	t.Parallel()
	tools := scripted(t, "cat >&2 <<'END'\n"+noisy+"END\nexit 1")
	_, err := tools.Output(t.Context(), "", kubectl("get", "pods"))
	exit, ok := errors.AsType[*cluster.ExitError](err)
	if !ok || exit.Stderr != refusedLine {
		t.Errorf("%v", err)
	}
}
