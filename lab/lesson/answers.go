package lesson

import (
	"regexp"
	"strings"
	"time"

	"istio-tutorial/lab/lesson/book"
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

func (a answer) fits(k book.Kind) bool {
	return strings.Contains(a.body, k.Text) && a.took >= k.After-tolerance(k)
}

// tolerated is how much late answers may be off, beside what one takes when nothing holds it back:
// a part of the time that they are held back. An event loop's timer counts from when the loop woke
// up, so one that is set late in a long round ends early by that much.
const tolerated = 0.1

func tolerance(k book.Kind) time.Duration { return time.Duration(tolerated * float64(k.After)) }

// sorted puts answers under the first kind that each fits.
func sorted(kinds book.Amounts, list []answer) (byKind map[string][]answer, strangers []answer) {
	byKind = map[string][]answer{}
next:
	for _, one := range list {
		for _, k := range kinds {
			if one.fits(book.KindOf(k.Of)) {
				byKind[k.Of] = append(byKind[k.Of], one)
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
