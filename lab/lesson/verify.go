package lesson

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"istio-tutorial/lab/lesson/book"
)

// Verify runs pages, each at a place of its own, side by side.
type Verify struct {
	// Ground is where. Required.
	Ground Ground
	// Pages are those to run. Required.
	Pages []book.Page
	// Edition is the one of their blocks that are run. Required.
	Edition string
	// Runs is how often each page is run. Zero is 1.
	Runs int
	// Prove runs the pages once more for each of their mutants, and wants each to be found.
	Prove bool
	// Sample is how many mutants of an edition are run at most, spread over all. Zero is all.
	Sample int
	// Jobs is how many places there are at the same time. Required.
	Jobs int
	// Report is told of each run that is over, one at a time. Required.
	Report func(Result)
	// Say is told what a page does, a line at a time. Optional.
	Say func(p book.Page, line string)
}

// Result is what came of one run of a page.
type Result struct {
	book.Page
	Edition string
	Mutant  *book.Mutant // nil: the page as it is
	Took    time.Duration
	// Absent says that the page says nothing in the edition, and was not run.
	Absent bool
	// Err is nil if the page holds, and for a mutant if it was found.
	Err error
	// Clues are what may explain it, if the page does not hold.
	Clues []string
}

// Label names a run for a reader: the lesson, its edition, and what was wrong with it.
func (r Result) Label() string {
	label := fmt.Sprintf("%02d %s (%s)", r.Number, r.Name, r.Edition)
	if r.Mutant != nil {
		label += ": " + r.Mutant.Mutation.String()
	}
	return label
}

// ErrNotFound says that a page holds although something is wrong in it.
var ErrNotFound = errors.New("the check holds all the same")

// job is one run.
type job struct {
	page   book.Page
	mutant *book.Mutant
}

// Run returns how many runs went wrong. The error is that of ctx, or a *NoGroundError.
func (v Verify) Run(ctx context.Context) (failed int, err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	v.Pages = slices.DeleteFunc(slices.Clone(v.Pages), v.leavesOut)
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
				r := v.do(ctx, j, n)
				if none, ok := errors.AsType[*NoGroundError](r.Err); ok {
					end(none)
				}
				results <- r
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

// leavesOut reports a page that says nothing in the edition.
func (v Verify) leavesOut(p book.Page) bool {
	absent := !p.In(v.Edition)
	if absent {
		v.Report(Result{Page: p, Edition: v.Edition, Absent: true})
	}
	return absent
}

func (v Verify) jobs() []job {
	var list []job
	for range max(1, v.Runs) {
		for _, p := range v.Pages {
			list = append(list, job{page: p})
		}
	}
	return append(list, v.mutants()...)
}

// mutants are those that the ground's checks name, or a sample of them.
func (v Verify) mutants() []job {
	if !v.Prove {
		return nil
	}
	var list []job
	for _, p := range v.Pages {
		for _, m := range p.Mutants(v.Edition) {
			if v.tries(m) {
				list = append(list, job{p, &m})
			}
		}
	}
	if v.Sample == 0 || v.Sample >= len(list) {
		return list
	}
	var some []job
	for i := range v.Sample {
		some = append(some, list[i*len(list)/v.Sample])
	}
	return some
}

// tries reports whether a mutant can be run: on a cluster none may reach into a namespace of somebody else.
func (v Verify) tries(m book.Mutant) bool {
	on := v.Ground.Name()
	return (m.Check.On == "" || m.Check.On == on) && (on != book.Cluster || m.Mutation.Field != "namespace")
}

// do runs a page at a place that is started for it; the worker's number tells places of one time apart.
func (v Verify) do(ctx context.Context, j job, worker int) Result {
	began := time.Now()
	r := Result{Page: j.page, Edition: v.Edition, Mutant: j.mutant}
	r.Err = v.at(ctx, j, worker, &r)
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

func (v Verify) at(ctx context.Context, j job, worker int, result *Result) (err error) {
	place, err := v.Ground.Start(ctx, v.Edition, worker)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	folder := place.Folder()
	if m := j.mutant; m != nil && m.Mutation.Field != "" && m.Mutation.Of != book.Typed {
		folder, err = os.MkdirTemp("", "lesson")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }() // of nothing but links and a file
		if err := mutatedFolder(m.Mutation, place.Folder(), folder); err != nil {
			return err
		}
	}
	r, err := NewRunner(v.Ground.Name(), place, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	say := func(line string) {
		if v.Say != nil {
			v.Say(j.page, line)
		}
	}
	if j.mutant != nil {
		return r.runMutant(ctx, *j.mutant, v.Edition, say)
	}
	if err = r.run(ctx, j.page, v.Edition, say); err != nil && ctx.Err() == nil {
		result.Clues = place.Clues(ctx)
	}
	return err
}
