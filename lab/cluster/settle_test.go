package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// said is an istiod that says what a test has it say: only for what no real one can be brought to at will, such as
// another change just before, or a proxy that never answers. What is true of the real one is tested in e2e/mesh.
type said struct {
	mu      sync.Mutex
	asked   map[string]int // how often, by path
	version string         // of the rule as the API server has it; "" where istiod has none
	wanted  int64          // its generation
	change  int64          // the generation that the change has made of it
	made    string         // the version that it has made of it
	pushed  int
	sent    string
	acked   string
	refusal string
	happens func(*said) // before each answer
}

func (s *said) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/debug/")
	s.asked[path]++
	if s.happens != nil {
		s.happens(s)
	}
	var answer any
	switch path {
	case "resourcesz":
		answer = []map[string]string{{"Group": "networking.istio.io", "Version": "v1", "Kind": "VirtualService"}}
	case "configz":
		answer = s.rules()
	case "registryz":
		answer = []any{}
	case "syncz":
		answer = []map[string]any{{"proxy": "preference-x.other", "resources": map[string]exchange{
			"type.googleapis.com/envoy.config.route.v3.RouteConfiguration": {s.sent, s.acked, s.refusal},
		}}}
	case "config_dump":
		answer = map[string]any{"configs": []any{map[string]string{"versionInfo": fmt.Sprintf("2026-11-30T14:00:00Z/%d", s.pushed)}}}
	}
	_ = json.NewEncoder(w).Encode(answer) // the test sees what is missing
}

func (s *said) rules() []any {
	if s.version == "" {
		return []any{}
	}
	return []any{map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
		"metadata": map[string]any{"name": "a", "namespace": "other", "resourceVersion": s.version, "generation": s.wanted},
	}}
}

// settle is what comes of a change of the rule; happens tells what istiod does once kubectl has returned.
func (s *said) settle(t *testing.T, within time.Duration, change Change, happens func(*said)) error {
	t.Helper()
	s.asked = map[string]int{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	i := &istiod{name: "istiod-x", forward: &Forward{Address: strings.TrimPrefix(server.URL, "http://")}}
	b, err := i.look(t.Context(), []string{"other"})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.asked, s.happens = map[string]int{}, happens
	s.mu.Unlock()
	w := &Watch{
		tools: Tools{Namespace: "other"}, among: []string{"other"}, istiods: []*istiod{i}, before: []before{b},
		wanted: func(context.Context, []Change) (map[string]stored, error) {
			return map[string]stored{rule().key("other"): {s.made, s.change}}, nil
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return w.Settled(ctx, []Change{change})
}

func rule() Change { return Change{Resource: "virtualservice.networking.istio.io", Name: "a"} }

// push is what istiod sends, and the proxy acknowledges.
func (s *said) push() {
	s.pushed++
	s.sent = fmt.Sprint(s.pushed)
	s.acked = s.sent
}

func TestSettled(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(*said){
		"read, then pushed, then acknowledged": func(s *said) {
			switch {
			case s.asked["configz"] == 3 && s.version == "1":
				s.version, s.wanted = "2", 2
			case s.asked["config_dump"] == 4 && s.pushed == 7:
				s.pushed, s.sent = 8, "8"
			case s.asked["syncz"] == 9:
				s.acked = "8"
			}
		},
		"pushed for another change before it was read": func(s *said) {
			switch {
			case s.asked["configz"] == 1 && s.pushed == 7:
				s.push()
			case s.asked["configz"] == 3 && s.version == "1":
				s.version, s.wanted = "2", 2
			case s.asked["config_dump"] == 4 && s.pushed == 8:
				s.push()
			}
		},
		"its status written before it was read": func(s *said) {
			switch {
			case s.asked["configz"] == 1 && s.version == "1":
				s.version = "1, with a status"
			case s.asked["configz"] == 4 && s.wanted == 1:
				s.version, s.wanted = "2", 2
			case s.asked["config_dump"] == 4 && s.pushed == 7:
				s.push()
			}
		},
		"all over before it was looked at": func(s *said) {
			if s.version == "1" {
				s.version, s.wanted = "2", 2
				s.push()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &said{version: "1", wanted: 1, change: 2, pushed: 7, sent: "7", acked: "7"}
			if err := s.settle(t, time.Minute, rule(), happens); err != nil {
				t.Fatal(err)
			}
			if s.version != "2" || s.pushed < 8 || s.acked != s.sent || s.sent == "7" {
				t.Errorf("it was over with %+v", s)
			}
		})
	}
}

func TestSettledWithout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  Change
		made    string
		happens func(*said)
	}{
		"a push, as only a label changed": {rule(), "2", func(s *said) { s.version = "2" }},
		"the rule, which is deleted": {Change{Resource: rule().Resource, Name: "a", Deleted: true}, "", func(s *said) {
			if s.version != "" {
				s.version = ""
				s.push()
			}
		}},
		"a new version, as the API server has found nothing new": {rule(), "1", nil},
		"a kind of Istio's": {Change{Resource: "deployment.apps", Name: "a"}, "2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &said{version: "1", wanted: 1, made: test.made, change: 1, pushed: 7, sent: "7", acked: "7"}
			if err := s.settle(t, time.Minute, test.change, test.happens); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnsettled names what is missing, and where.
func TestUnsettled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(*said)
		want    string
	}{
		"not read":     {nil, "istiod-x has not read virtualservice/a"},
		"not gone on":  {func(s *said) { s.version, s.wanted = "2", 2 }, "istiod-x has not come to preference-x"},
		"not answered": {func(s *said) { s.version, s.wanted, s.pushed, s.sent = "2", 2, 8, "8" }, "preference-x has not acknowledged its RouteConfiguration within 30s"},
		"refused": {func(s *said) {
			s.version, s.wanted, s.pushed, s.sent, s.refusal = "2", 2, 8, "8", "bad\nroute\n"
		}, "preference-x refuses its RouteConfiguration: bad route"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &said{version: "1", wanted: 1, pushed: 7, sent: "7", acked: "7"}
			err := s.settle(t, 3*time.Second, rule(), test.happens)
			unsettled, ok := errors.AsType[*UnsettledError](err)
			if !ok || unsettled.Error() != "virtualservice/a: not taken by every proxy: "+test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

// TestLeaving does not fail with an istiod that ends meanwhile, but with one that is there and does not answer.
func TestLeaving(t *testing.T) {
	t.Parallel()
	for phase, ends := range map[string]bool{"": true, "Running2026-11-30T18:38:00Z": true, "Running": false} {
		folder := t.TempDir()
		script := []byte("#!/bin/sh\nprintf %s '" + phase + "'\n")
		if err := os.WriteFile(filepath.Join(folder, "kubectl"), script, 0o700); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(nil)
		address := strings.TrimPrefix(server.URL, "http://")
		server.Close()
		w := &Watch{
			tools:   Tools{Namespace: "other", Environ: []string{"PATH=" + folder}},
			istiods: []*istiod{{name: "istiod-x", forward: &Forward{Address: address}}}, before: []before{{}},
		}
		if err := w.Settled(t.Context(), []Change{rule()}); (err == nil) != ends {
			t.Errorf("%q: %v", phase, err)
		}
	}
}

// TestRefusedBefore does not blame a change for what a proxy of another namespace refused before, but for all else.
func TestRefusedBefore(t *testing.T) {
	t.Parallel()
	for refusal, blamed := range map[string]bool{"bad route": false, "worse route": true} {
		i := answering(t, map[string]string{
			"syncz": `[{"proxy": "way-1.theirs", "resources": {"a.Route": {"sent": "8", "acked": "7", "lastError": "` + refusal + `"}}}]`,
		})
		s := settling{istiod: i, before: before{refused: []string{"way-1 refuses its Route: bad route"}}, namespace: "ours"}
		err := s.acknowledged(t.Context())
		if _, ok := errors.AsType[*UnsettledError](err); ok != blamed || !blamed && err != nil {
			t.Errorf("%s: %v", refusal, err)
		}
	}
}
