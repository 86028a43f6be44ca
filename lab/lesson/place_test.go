package lesson

import (
	"context"
	"errors"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/load"
)

// elsewhere is a ground that does not know a verb, and answers like no mesh: what differs between grounds, not
// what a mesh does, which the lessons show on a lab and on a cluster.
type elsewhere struct {
	folder  string
	settled []string
}

func (e *elsewhere) Name() string                                      { return book.Cluster }
func (e *elsewhere) Start(context.Context, string, int) (Place, error) { return e, nil }
func (e *elsewhere) Folder() string                                    { return e.folder }
func (e *elsewhere) Env() []string                                     { return []string{"PATH=" + os.Getenv("PATH")} }
func (e *elsewhere) State(context.Context) (map[string]string, error)  { return nil, nil }
func (e *elsewhere) Clues(context.Context) []string                    { return []string{"a clue"} }
func (e *elsewhere) Close() error                                      { return nil }
func (e *elsewhere) Stats(context.Context, string, string) (map[string]int, error) {
	return nil, ErrNoCounter
}

func (e *elsewhere) Types(command string) (typed, why string) {
	if strings.HasPrefix(command, "bin/lab why") {
		return command, "not here"
	}
	return strings.ReplaceAll(command, "their", "our"), ""
}

func (e *elsewhere) Compare(says, printed []string) (said, came []string) {
	return says, []string{strings.ReplaceAll(strings.Join(printed, "\n"), "our", "their")}
}

func (e *elsewhere) Settle(_ context.Context, command string) error {
	e.settled = append(e.settled, command)
	return nil
}

func (e *elsewhere) Send(_ context.Context, _ string, cfg load.Config) (load.Summary, error) {
	for range cfg.Requests {
		cfg.Each(load.Hit{Body: []byte("fine")})
	}
	return load.Summary{}, nil
}

func (e *elsewhere) Logs(context.Context, string, time.Time) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}

const pageElsewhere = "# 1. One\n\n```console\n$ echo their name\ntheir name\n$ bin/lab why\nno such output\n```\n\n" +
	"```yaml check\non: lab\nsend: 1\nanswers: {never: all}\nfails with: {echo their name: [left out]}\n```\n\n" +
	"```yaml check\nsend: 2\nanswers: {fine: all}\nwhy: {fine: {cause: answered}}\nfails with: {echo their name: [left out]}\n```\n"

// TestElsewhere runs a page where a verb is missing, words differ, nobody knows why, and a check does not hold.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	page, err := book.Read("01-one.md", []byte(pageElsewhere))
	if err != nil {
		t.Fatal(err)
	}
	ground := &elsewhere{folder: t.TempDir()}
	var said []string
	var results []Result
	v := Verify{
		Ground: ground, Pages: []book.Page{page}, Edition: "v1", Jobs: 1, Prove: true,
		Report: func(r Result) { results = append(results, r) },
		Say:    func(_ book.Page, line string) { said = append(said, line) },
	}
	if failed, err := v.Run(t.Context()); failed != 1 || err != nil || len(results) != 2 || results[0].Err != nil {
		t.Fatalf("%d failed, %v: %v", failed, err, results)
	}
	for _, want := range []string{"(left out: bin/lab why: not here)", "  (left out: on lab only: 1 requests)"} {
		if !slices.Contains(said, want) {
			t.Errorf("%q is not said: %q", want, said)
		}
	}
	if !slices.Equal(ground.settled, []string{"echo our name"}) {
		t.Errorf("settled after %q", ground.settled)
	}
}

// TestSample spreads the changes that are tried over all there are.
func TestSample(t *testing.T) {
	t.Parallel()
	page, err := book.Read("01-one.md", []byte(strings.ReplaceAll(pageElsewhere, "on: lab\n", "")))
	if err != nil {
		t.Fatal(err)
	}
	for sample, want := range map[int]int{0: 2, 1: 1, 2: 2, 5: 2} {
		v := Verify{Ground: &elsewhere{}, Pages: []book.Page{page}, Edition: "v1", Prove: true, Sample: sample}
		if got := len(v.mutants()); got != want {
			t.Errorf("a sample of %d: %d", sample, got)
		}
	}
}

// nowhere is a ground on which no page can be run.
type nowhere struct{ elsewhere }

func (*nowhere) Start(context.Context, string, int) (Place, error) {
	return nil, &NoGroundError{errors.New("it is there already")}
}

// TestNoGround ends a run at once, and not once for each page.
func TestNoGround(t *testing.T) {
	t.Parallel()
	page, err := book.Read("01-one.md", []byte(pageElsewhere))
	if err != nil {
		t.Fatal(err)
	}
	v := Verify{
		Ground: &nowhere{}, Pages: []book.Page{page, page}, Edition: "v1", Jobs: 1,
		Report: func(r Result) { t.Errorf("reported: %v", r.Err) },
	}
	if _, err := v.Run(t.Context()); err == nil || err.Error() != "it is there already" {
		t.Errorf("%v", err)
	}
}
