package lesson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/words"
	"istio-tutorial/lab/load"
	"istio-tutorial/lab/objects"
)

// maxBody is more than any answer of the chain has, in bytes.
const maxBody = 4 << 10

// ask sends the requests of a check, and returns the answers in the order in which they came.
func (r *Runner) ask(ctx context.Context, c *book.Check) (list []answer, took time.Duration, err error) {
	cfg := load.Config{
		URL: c.To, Header: http.Header{"User-Agent": {"lesson"}}, Users: max(1, c.AtOnce),
		Keep: maxBody, Stay: true,
	}
	cfg.Each = func(hit load.Hit) {
		list = append(list, newAnswer(hit))
		r.tell(words.Put(words.Sent, len(list), c.Send))
	}
	cfg.Requests = c.Send / cfg.Users
	for name, value := range c.Headers {
		if value, err = r.expand(ctx, value); err != nil {
			return nil, 0, err
		}
		cfg.Header.Set(name, value)
	}
	if c.TLS != nil {
		if err = r.encrypt(ctx, *c.TLS, &cfg); err != nil {
			return nil, 0, err
		}
	}
	summary, err := r.place.Send(ctx, c.From, cfg)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return list, summary.Elapsed, err
}

// variable is one that a command of the page has set.
var variable = regexp.MustCompile(`\$[A-Z][A-Z_]*`)

// expand puts the values of the page's variables into a text.
func (r *Runner) expand(ctx context.Context, text string) (string, error) {
	var errs []error
	text = variable.ReplaceAllStringFunc(text, func(name string) string {
		var value string
		_, err := r.shell.Run(ctx, `printf '%s\n' "`+name+`"`, func(line string) { value = line })
		errs = append(errs, err)
		return value
	})
	return text, errors.Join(errs...)
}

// noAnswer begins what stands in place of an answer that did not come; the cause follows it. How a closed
// connection looks to a client depends on what it was about to do.
const noAnswer = "(no answer) "

func newAnswer(hit load.Hit) answer {
	body := strings.TrimSpace(string(hit.Body))
	switch {
	case hit.Err != nil:
		body = noAnswer + hit.Err.Error()
	case body == "":
		body = fmt.Sprintf("(status %d without text)", hit.Status)
	}
	return answer{body: body, took: hit.Took, client: hit.Client, began: hit.Began}
}

// meter tells a number of the mesh by its name in a check.
type meter func(ctx context.Context, of string) (int, error)

// stats are the counters and gauges of a Deployment's proxy, or of the ingress, that end like the
// second word, by their whole names.
func (r *Runner) stats(ctx context.Context, of string) (map[string]int, error) {
	workload, name, ok := strings.Cut(of, " ")
	if !ok {
		return nil, fmt.Errorf("%q: want DEPLOYMENT COUNTER", of)
	}
	values, err := r.place.Stats(ctx, workload, name)
	if errors.Is(err, ErrNoCounter) {
		err = fmt.Errorf("%q: %w", of, err)
	}
	return values, err
}

// gauge is the sum of gauges.
func (r *Runner) gauge(ctx context.Context, of string) (int, error) {
	values, err := r.stats(ctx, of)
	sum := 0
	for _, n := range values {
		sum += n
	}
	return sum, err
}

// rise is by how much counters rose since they were those of before. Each counts for itself: with
// a rule that is deleted its cluster's go some time later, and those of a new one begin at 0.
func (r *Runner) rise(before map[string]map[string]int) meter {
	return func(ctx context.Context, of string) (int, error) {
		values, err := r.stats(ctx, of)
		sum := 0
		for name, n := range values {
			if was := before[of][name]; was <= n {
				n -= was
			}
			sum += n
		}
		return sum, err
	}
}

// counters are all that a check names, those that have not begun left out.
func (r *Runner) counters(ctx context.Context, c *book.Check) (map[string]map[string]int, error) {
	all := map[string]map[string]int{}
	for _, a := range c.Counters {
		values, err := r.stats(ctx, a.Of)
		if err != nil && !errors.Is(err, ErrNoCounter) && !isMissing(err) {
			return nil, err
		}
		all[a.Of] = values
	}
	return all, nil
}

// received counts the requests to / that the pods of a Deployment have logged since a time. Their
// own times tell: a log is written somewhat later.
func (r *Runner) received(since time.Time) meter {
	return func(ctx context.Context, of string) (int, error) {
		sum := 0
		for line, err := range r.place.Logs(ctx, of, since) {
			if err != nil {
				return 0, err
			}
			var entry struct {
				Msg, Path string
				Time      time.Time
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "request" &&
				entry.Path == "/" && !entry.Time.Before(since) {
				sum++
			}
		}
		return sum, nil
	}
}

// isMissing tells that what was to be asked is not there: a claim about it does not hold.
func isMissing(err error) bool {
	refused, ok := errors.AsType[*objects.Error](err)
	return ok && refused.Reason == objects.NotFound
}

// A number that is not yet what it is to be is read again after a pause, which doubles up to the
// longest: to read it keeps the proxy's main thread busy, which has to eject pods meanwhile.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = 320 * time.Millisecond
)

// wait is how long a number is waited for, and who is told meanwhile.
type wait struct {
	within time.Duration
	tell   func(words.Phrase)
}

// await reads a number until it is within bounds, or for a time, and returns the last. A counter
// that has not begun by the time that all settle in will not begin.
func (m meter) await(
	ctx context.Context, a book.Amount, s book.Sample, w wait,
) (n int, err error) {
	began, giveUp := time.Now(), time.After(w.within)
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		n, err = m(ctx, a.Of)
		low, high := a.Bounds(s)
		fits := n >= low && (high < 0 || n <= high)
		awaited := errors.Is(err, ErrNoCounter) && time.Since(began) < settling
		if !awaited && (err != nil || fits) {
			return n, err
		}
		left := (w.within - time.Since(began)).Round(time.Second)
		w.tell(words.Put(words.Settling, a.Of, n, span(low, high), max(0, left)))
		select {
		case <-time.After(pause):
		case <-giveUp:
			return n, err
		case <-ctx.Done():
			return n, context.Cause(ctx)
		}
	}
}
