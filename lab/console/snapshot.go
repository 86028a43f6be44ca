package console

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/rulebook"
)

// Snapshot is what the page shows all the time. The first has everything; what a later one lacks is as it
// was, and of requests it has those that came or grew.
type Snapshot struct {
	At  int64 `json:"at"` // of the lab's clock, in milliseconds
	Lab *Lab  `json:"lab,omitempty"`
	// Gone is why there is nothing else: the lab does not answer.
	Gone     string                         `json:"gone,omitempty"`
	Tables   map[traffic.Span]traffic.Table `json:"tables,omitempty"`
	History  *traffic.History               `json:"history,omitempty"`
	Rules    []rulebook.Rule                `json:"rules,omitzero"`
	Requests []Request                      `json:"requests,omitempty"` // the latest last
	Sending  *Sending                       `json:"sending,omitempty"`

	at    time.Time
	asked time.Time // when Lab was
}

// Lab is what there is to know of a lab.
type Lab struct {
	Name    string `json:"name"`
	Ingress string `json:"ingress"`
	Edition string `json:"edition"`
	Started int64  `json:"started"` // tells one run from the next
	Typed   string `json:"typed"`   // what a verb stands behind, such as bin/lab
}

// shown is how many requests a snapshot has at most; failed, how many of them come though many came after them.
const (
	shown  = 60
	failed = 8
)

// statusEvery is how often the lab is asked how it is.
const statusEvery = time.Second

// next is what there is besides a snapshot, the zero one at first.
func (c *Console) next(ctx context.Context, have Snapshot, wait time.Duration) (Snapshot, error) {
	live, err := c.cfg.Lab.Live(ctx, control.LiveQuery{Heard: have.at, Wait: wait, Last: shown - failed, Failed: failed, Seen: have.History.Seen()})
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{
		At: live.At.UnixMilli(), at: live.At, asked: have.asked, History: live.History,
		Tables: map[traffic.Span]traffic.Table{}, Sending: c.sender.state(),
	}
	for _, t := range live.Tables {
		s.Tables[t.Span] = t
	}
	for _, r := range slices.Backward(live.Requests) {
		s.Requests = append(s.Requests, c.known(r))
	}
	if have.Rules == nil || !reflect.DeepEqual(have.Rules, live.Rules) {
		s.Rules = append([]rulebook.Rule{}, live.Rules...)
	}
	if live.At.Sub(have.asked) < statusEvery {
		return s, nil
	}
	s.asked = live.At
	s.Lab, err = c.lab(ctx, have.Lab)
	return s, err
}

// lab asks how the lab is; nil where that is no news.
func (c *Console) lab(ctx context.Context, have *Lab) (*Lab, error) {
	status, err := c.cfg.Lab.Status(ctx)
	if err != nil {
		return nil, err
	}
	now := Lab{
		Name: status.Name, Ingress: status.Ingress, Edition: string(status.Edition),
		Started: status.Started.UnixMilli(), Typed: c.cfg.Typed(""),
	}
	if have != nil && *have == now {
		return nil, nil
	}
	return &now, nil
}

// with is a snapshot with what is new.
func (s Snapshot) with(news Snapshot) Snapshot {
	all := news
	all.Lab, all.History = cmp.Or(news.Lab, s.Lab), cmp.Or(news.History, s.History)
	if news.Rules == nil {
		all.Rules = s.Rules
	}
	all.Requests = latest(s.Requests, news.Requests)
	return all
}

// latest are the last of those that were and those that came; of one that grew, only what it is now.
func latest(old, news []Request) []Request {
	places := map[string]int{}
	list := append(make([]Request, 0, len(old)+len(news)), old...)
	for i, r := range list {
		places[r.ID] = i
	}
	for _, r := range news {
		if at, ok := places[r.ID]; ok {
			list[at] = r
		} else {
			list = append(list, r)
		}
	}
	return list[max(0, len(list)-shown):]
}

// once is a snapshot for those who do not follow.
func (c *Console) once(r *http.Request) (Snapshot, error) {
	return c.next(r.Context(), Snapshot{}, 0)
}
