package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/chain"
)

// slowPeer is a next service that holds each answer until it is released.
type slowPeer struct {
	arrived  chan struct{} // gets one for each request
	released chan struct{} // one lets an answer go
	gone     chan struct{} // gets one for each caller that did not wait
	url      string
}

func newSlowPeer(t *testing.T) slowPeer {
	t.Helper()
	p := slowPeer{make(chan struct{}, 9), make(chan struct{}, 9), make(chan struct{}, 9), ""}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.arrived <- struct{}{}
		select {
		case <-p.released:
			_, _ = io.WriteString(w, "late")
		case <-r.Context().Done():
			p.gone <- struct{}{}
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	p := newSlowPeer(t)
	customer := programs().Run(t, chain.Spec{Program: "customer",
		Env: chain.Env{"PREFERENCE_URL": p.url, "DRAIN": "1s"}})
	answers := make(chan chain.Answer, 2)
	ask := func() {
		go func() {
			a, _ := chain.Ask(customer.URL())
			answers <- a
		}()
		<-p.arrived
	}
	ask()
	if err := customer.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := await.Until(await.Patience, func() error {
		if a := customer.Get(t, "/health/ready"); a.Status != 503 {
			return fmt.Errorf("still ready: %+v", a)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	ask() // while it drains
	awaitRefusal(t, customer)
	p.released <- struct{}{}
	p.released <- struct{}{}
	for range 2 {
		if a := <-answers; a != said(200, "customer => late\n") {
			t.Errorf("in flight: %+v", a)
		}
	}
	if how, err := customer.Wait(await.Patience); err != nil || how != "exit status 0" {
		t.Errorf("ended by %s, %v", how, err)
	}
}

// awaitRefusal waits until the drain is over and the port closed.
func awaitRefusal(t *testing.T, p *chain.Process) {
	t.Helper()
	err := await.Until(await.Patience, func() error {
		if a, err := chain.Ask(p.URL() + "/health"); err == nil {
			return fmt.Errorf("still answers: %+v", a)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestServicesGiveUpWhenTheirCallerIsGone(t *testing.T) {
	t.Parallel()
	p := newSlowPeer(t)
	customer := frontOf(t, "recommendation", p.url, chain.Env{"NEXT_HOP_TIMEOUT": "1h"})
	ctx, hangUp := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, customer.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := chain.Do(http.DefaultClient, req)
		ended <- err
	}()
	<-p.arrived
	hangUp()
	if err := <-ended; err == nil {
		t.Error("there was an answer")
	}
	select {
	case <-p.gone:
	case <-time.After(await.Patience):
		t.Error("the last of the chain still works for nobody")
	}
}

// A hop that is killed under requests costs answers, each the contract's one line, and never
// another process.
func TestKilledHops(t *testing.T) {
	t.Parallel()
	c := programs().Chain(t, chain.Settings{})
	line := regexp.MustCompile(`^customer => (preference => recommendation v1 from 'unknown': \d+` +
		`|503 preference => ` + regexp.QuoteMeta(c.Recommendation.URL()) + `: .+` +
		`|` + regexp.QuoteMeta(c.Preference.URL()) + `: .+)\n$`)
	answers := poll(t, c.Customer, func(a chain.Answer) error {
		if !line.MatchString(a.Body) {
			return fmt.Errorf("not a line of the contract: %+v", a)
		}
		return nil
	})
	for range 3 {
		c.Recommendation = replace(t, c.Recommendation, chain.Spec{Program: "recommendation"}, answers)
		c.Preference = replace(t, c.Preference, chain.Spec{Program: "preference",
			Env: chain.Env{"RECOMMENDATION_URL": c.Recommendation.URL()}}, answers)
	}
}

// replace kills the process, waits for the failure to show, starts another one at its address
// and waits for that to show.
func replace(t *testing.T, p *chain.Process, spec chain.Spec, answers func(status int) error) *chain.Process {
	t.Helper()
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if how, err := p.Wait(await.Patience); err != nil || how != "signal: killed" {
		t.Fatal(how, err)
	}
	if err := answers(503); err != nil {
		t.Error(err)
	}
	spec.Env = spec.Env.With(chain.Env{"LISTEN_ON": p.Address})
	p = programs().Run(t, spec)
	if err := answers(200); err != nil {
		t.Error(err)
	}
	return p
}

// poll asks the process from four callers until the test ends, and holds each answer. What it
// returns waits until a request that is sent from then on gets the status.
func poll(t *testing.T, p *chain.Process, hold func(chain.Answer) error) func(status int) error {
	var callers sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() {
		stop()
		callers.Wait()
	})
	type result struct {
		asked  time.Time
		answer chain.Answer
	}
	got := make(chan result)
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				asked := time.Now()
				a, err := chain.Ask(p.URL())
				if err == nil {
					err = hold(a)
				}
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case got <- result{asked, a}:
				case <-ctx.Done():
				}
			}
		})
	}
	return func(status int) error {
		start := time.Now()
		return await.Until(await.Patience, func() error {
			if r := <-got; r.asked.Before(start) || r.answer.Status != status {
				return fmt.Errorf("no answer has status %d, but: %+v", status, r.answer)
			}
			return nil
		})
	}
}
