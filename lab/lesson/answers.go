package lesson

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"istio-tutorial/lab/lesson/words"
)

// answer is what one request got.
type answer struct {
	body string // in one line; of a request without an answer, why
	took time.Duration
	// client is the address from which the request came, and began when it had its connection: by
	// both the lab knows it again.
	client string
	began  time.Time
}

// late is the end of a kind of answers that came late.
var late = regexp.MustCompile(`^(.*) after (\S+)$`)

// kind is a kind of answers: a text, and for how long it is held back.
type kind struct {
	text  string
	after time.Duration // 0: whenever
}

func readKind(of string) kind {
	if m := late.FindStringSubmatch(of); m != nil {
		if d, err := time.ParseDuration(m[2]); err == nil && d > 0 {
			return kind{m[1], d}
		}
	}
	return kind{text: of}
}

func (k kind) fits(a answer) bool {
	return strings.Contains(a.body, k.text) && a.took >= k.after-k.tolerance()
}

// tolerance is how much late answers may be off, beside what one takes when nothing holds it back:
// a part of the time that they are held back. An event loop's timer counts from when the loop woke
// up, so one that is set late in a long round ends early by that much.
const tolerance = 0.1

func (k kind) tolerance() time.Duration { return time.Duration(tolerance * float64(k.after)) }

// sorted puts answers under the first kind that each fits.
func (a amounts) sorted(list []answer) (byKind map[string][]answer, strangers []answer) {
	byKind = map[string][]answer{}
next:
	for _, one := range list {
		for _, k := range a {
			if readKind(k.of).fits(one) {
				byKind[k.of] = append(byKind[k.of], one)
				continue next
			}
		}
		strangers = append(strangers, one)
	}
	return byKind, strangers
}

// pod is who gave an answer.
var pod = regexp.MustCompile(`from '([^']*)'`)

func (a answer) pod() string {
	if m := pod.FindStringSubmatch(a.body); m != nil {
		return m[1]
	}
	return ""
}

// repeats is how many answers are of the pod of the one before.
func repeats(list []answer) int {
	n := 0
	for i := 1; i < len(list); i++ {
		if list[i].pod() == list[i-1].pod() {
			n++
		}
	}
	return n
}

// inTurn is nil if answers are of texts in turn, from any of them on, each of a pod of its own.
func inTurn(texts []string, list []answer) *words.Phrase {
	var err *words.Phrase
	farthest := -1
	for first := range texts {
		at, wrong := follows(texts, list, first)
		if wrong == nil {
			return nil
		}
		if at > farthest {
			farthest, err = at, wrong
		}
	}
	return err
}

// follows tells which answer is out of turn, and why.
func follows(texts []string, list []answer, first int) (at int, wrong *words.Phrase) {
	no := func(k words.Key, args ...any) *words.Phrase { return new(words.Put(k, args...)) }
	pods := map[string]int{} // their places
	for i, a := range list {
		place := (first + i) % len(texts)
		if !strings.Contains(a.body, texts[place]) {
			return i, no(words.OtherText, i+1, a.body, texts[place])
		}
		if turn, known := pods[a.pod()]; known && turn != place {
			return i, no(words.TooEarly, i+1, a.pod())
		}
		pods[a.pod()] = place
	}
	if len(pods) != len(texts) {
		return len(list), no(words.Pods, len(pods), len(texts))
	}
	return len(list), nil
}

// fastest is the shortest time of some answers, 0 of none.
func fastest(list []answer) time.Duration {
	var shortest time.Duration
	for i, a := range list {
		if i == 0 || a.took < shortest {
			shortest = a.took
		}
	}
	return shortest
}

// uncompared are the late answers of an edition's checks that no earlier check of the same
// request, as many at once, has without delay.
func (p Page) uncompared(edition string) []error {
	var errs []error
	plain := map[string]int{} // how many of a request were at once
	for _, b := range p.Blocks {
		if b.Check == nil || !b.In(edition) {
			continue
		}
		request, users := b.Check.request(), max(1, b.Check.AtOnce)
		switch {
		case b.Check.Send == 0:
		case !b.Check.isLate():
			plain[request] = max(plain[request], users)
		case plain[request] < users:
			errs = append(errs, fmt.Errorf("%s:%d: answers: after: no check before it shows "+
				"how long the same request, %d at once, takes without", p.File, b.Line, users))
		}
	}
	return errs
}

// isLate reports whether a check speaks of answers that are held back.
func (c *Check) isLate() bool {
	for _, a := range c.Answers {
		if readKind(a.of).after > 0 {
			return true
		}
	}
	return false
}
