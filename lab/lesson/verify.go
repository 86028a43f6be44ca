package lesson

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// Verify runs pages, each against a lab of its own, side by side.
type Verify struct {
	Home
	// Pages are those to run. Required.
	Pages []Page
	// Edition is the one of their blocks that are run. Required.
	Edition string
	// Runs is how often each page is run. Zero is 1.
	Runs int
	// Prove runs the pages once more for each of their mutants, and wants each to be found.
	Prove bool
	// Jobs is how many labs run at the same time. Required.
	Jobs int
	// Report is told of each run that is over, one at a time. Required.
	Report func(Result)
	// Say is told what a page does, a line at a time. Optional.
	Say func(p Page, line string)
}

// Result is what came of one run of a page.
type Result struct {
	Page
	Edition string
	Mutant  *Mutant // nil: the page as it is
	Took    time.Duration
	// Absent says that the page says nothing in the edition, and was not run.
	Absent bool
	// Err is nil if the page holds, and for a mutant if it was found.
	Err error
	// Log is the end of the proxy's log, if the page does not hold.
	Log []string
}

// loggedLines is how much of the proxy's log a failure shows.
const loggedLines = 20

// ErrNotFound says that a page holds although something is wrong in it.
var ErrNotFound = errors.New("the check holds all the same")

// job is one run.
type job struct {
	page   Page
	mutant *Mutant
}

// Run returns how many runs went wrong. The error is that of ctx.
func (v Verify) Run(ctx context.Context) (failed int, err error) {
	v.starting = &sync.Mutex{}
	for _, p := range v.Pages {
		if !p.In(v.Edition) {
			v.Report(Result{Page: p, Edition: v.Edition, Absent: true})
		}
	}
	v.Pages = slices.DeleteFunc(slices.Clone(v.Pages), func(p Page) bool { return !p.In(v.Edition) })
	jobs, results := make(chan job), make(chan Result)
	go func() {
		defer close(jobs)
		for _, j := range v.jobs() {
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
	}()
	var workers sync.WaitGroup
	for n := range v.Jobs {
		workers.Go(func() {
			for j := range jobs {
				results <- v.do(ctx, j, n)
			}
		})
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	for r := range results {
		if ctx.Err() != nil {
			continue // what is interrupted says nothing
		}
		if r.Err != nil {
			failed++
		}
		v.Report(r)
	}
	return failed, context.Cause(ctx)
}

func (v Verify) jobs() []job {
	var list []job
	for range max(1, v.Runs) {
		for _, p := range v.Pages {
			list = append(list, job{page: p})
		}
	}
	for _, p := range v.Pages {
		if !v.Prove {
			break
		}
		for _, m := range p.Mutants(v.Edition) {
			list = append(list, job{p, &m})
		}
	}
	return list
}

// do runs a page in a lab that is started for it; worker tells labs of one time apart.
func (v Verify) do(ctx context.Context, j job, worker int) Result {
	began := time.Now()
	r := Result{Page: j.page, Edition: v.Edition, Mutant: j.mutant}
	r.Err = v.inLab(ctx, j, fmt.Sprintf("lesson-%d-%d", os.Getpid(), worker), &r)
	if j.mutant != nil && (r.Err == nil || isFailure(r.Err)) {
		found := r.Err != nil
		r.Err = nil
		if !found {
			r.Err = fmt.Errorf("%v: %w", j.mutant, ErrNotFound)
		}
	}
	r.Took = time.Since(began)
	return r
}

func (v Verify) inLab(ctx context.Context, j job, name string, result *Result) (err error) {
	l, err := v.start(ctx, name, "127.0.0.1:0", v.Edition)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if m := j.mutant; m != nil && m.mutation.field != "" && m.mutation.of != typed {
		dir, err := os.MkdirTemp("", "lesson")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }() // of nothing but links and a file
		if err := m.mutation.folder(v.Folder, dir); err != nil {
			return err
		}
		l.place.Folder = dir
	}
	r, err := newRunner(l.place)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	say := func(line string) {
		if v.Say != nil {
			v.Say(j.page, line)
		}
	}
	if j.mutant != nil {
		return r.runMutant(ctx, *j.mutant, v.Edition, say)
	}
	if err = r.run(ctx, j.page, v.Edition, say); err != nil && ctx.Err() == nil {
		result.Log, _ = r.last(ctx, loggedLines) // a lab that is gone has none
	}
	return err
}
