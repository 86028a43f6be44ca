package console_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/console"
	"istio-tutorial/lab/control"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
)

const aborting = "istiofiles/route-rule-recommendation-503.yml"

// post sends JSON to the page.
func post(t *testing.T, url, body string) string {
	t.Helper()
	res, text := ask(t, http.MethodPost, url, body, map[string]string{"Content-Type": "application/json"})
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", url, res.Status, text)
	}
	return text
}

func decode[T any](t *testing.T, data string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return v
}

// until hears snapshots until one is as wanted.
func until(t *testing.T, hear func() string, check func(console.Snapshot) error) console.Snapshot {
	t.Helper()
	var found console.Snapshot
	labtest.Until(t, func() error {
		found = decode[console.Snapshot](t, hear())
		return check(found)
	})
	return found
}

// TestPage follows a lab through what a page shows of it: sends, a rule that comes, why, and its end.
func TestPage(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	hear := stream(t, url)
	until(t, hear, func(s console.Snapshot) error {
		if s.Lab == nil || s.Lab.Ingress != l.ingress || s.Lab.Typed != "bin/lab" || len(s.Requests) > 0 || len(s.Tables) != 3 {
			return fmt.Errorf("%+v", s)
		}
		return nil
	})
	l.change(t, objects.Create, aborting)
	const sent = 20
	post(t, url+"/api/send", fmt.Sprintf(`{"rate":100,"atOnce":5,"count":%d,"headers":["Authorization: secret","Cookie: secret"]}`, sent))
	s := until(t, hear, func(s console.Snapshot) error {
		if s.Sending == nil || s.Sending.On || s.Sending.Done != sent || len(s.Requests) != sent {
			return fmt.Errorf("%d requests, sending %+v", len(s.Requests), s.Sending)
		}
		return nil
	})
	marks := s.History.Marks
	if len(marks) != 1 || len(marks[0].Came) != 1 || marks[0].Came[0].Name != "recommendation-503" ||
		!strings.HasSuffix(marks[0].Came[0].File, aborting) {
		t.Errorf("marks %+v", marks)
	}
	one := aborted(t, s)
	explained := decode[console.Explained](t, get(t, url+"/api/why?id="+one.ID))
	if explained.Typed != "bin/lab why "+one.ID || !strings.HasPrefix(explained.Words, "en injected abort: the sidecar of preference") ||
		explained.Rule == nil || explained.Rule.Line != 16 {
		t.Errorf("%+v", explained)
	}
	l.agrees(t, decode[console.Snapshot](t, get(t, url+"/api/snapshot"))) // a stream has the seconds that are over
	chinese := decode[console.Explained](t, get(t, url+"/api/why?lang=zh&id="+one.ID))
	if chinese.Typed != "bin/lab why "+one.ID+" --lang zh" || !strings.HasPrefix(chinese.Words, "zh injected abort: ") {
		t.Errorf("in Chinese: %+v", chinese)
	}
	for _, path := range []string{"/api/snapshot", "/api/rules", "/api/why?id=" + one.ID} {
		if text := get(t, url+path); strings.Contains(text, "secret") {
			t.Errorf("%s shows a secret", path)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, body := ask(t, http.MethodGet, url, "", nil)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", url, res.Status, body)
	}
	return body
}

// aborted is one of the requests that the rule aborted. All have the text that their client got.
func aborted(t *testing.T, s console.Snapshot) console.Request {
	t.Helper()
	var found console.Request
	for _, r := range s.Requests {
		fine := strings.HasPrefix(r.Text, "customer => preference => recommendation v1 from")
		if !r.Agent || !fine && !strings.HasSuffix(r.Text, "fault filter abort") {
			t.Errorf("%+v", r)
		}
		if r.Cause == cause.Aborted {
			found = r
		}
		if fine == r.Failed || r.Failed != (r.Cause == cause.Aborted) || len(r.Calls) != 3 {
			t.Errorf("%+v", r)
		}
	}
	if found.ID == "" || !strings.HasSuffix(found.Rule, aborting+":16") || found.Author != "sidecar of preference" {
		t.Errorf("aborted: %+v", found)
	}
	return found
}

// agrees holds a snapshot against the verb's table.
func (l lab) agrees(t *testing.T, s console.Snapshot) {
	t.Helper()
	table, err := l.Traffic(t.Context(), control.TrafficQuery{Span: traffic.SinceChange})
	if err != nil {
		t.Fatal(err)
	}
	seconds := map[traffic.Edge]int{}
	for _, line := range s.History.Lines {
		for _, n := range line.Requests {
			seconds[line.Edge] += n
		}
	}
	for i, row := range table.Rows {
		shown := s.Tables[traffic.SinceChange].Rows[i]
		if shown.Edge != row.Edge || shown.Requests != row.Requests || shown.Errors != row.Errors || seconds[row.Edge] != row.Requests {
			t.Errorf("the verb: %+v; the page: %+v, %d in five minutes", row, shown, seconds[row.Edge])
		}
	}
}

// TestRules shows a rule that acts, one that never does, and says what is in the file.
func TestRules(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	empty := decode[console.Rules](t, get(t, url+"/api/rules"))
	if len(empty.Files) != 0 || len(empty.Routes) == 0 || len(empty.Warnings) != 0 {
		t.Errorf("without rules: %+v", empty)
	}
	for _, r := range empty.Routes {
		if r.Ruled {
			t.Errorf("without rules: %+v", r)
		}
	}
	l.change(t, objects.Create, aborting)
	l.change(t, objects.Create, "istiofiles/route-rule-recommendation-v2.yml")
	rules := decode[console.Rules](t, get(t, url+"/api/rules"))
	if len(rules.Files) != 2 || !strings.Contains(rules.Files[0].YAML, "httpStatus: 503") || rules.Typed != "bin/lab routes --all" {
		t.Errorf("%+v", rules.Files)
	}
	if len(rules.Warnings) == 0 {
		t.Error("one of two rules for the same calls never acts: there is no word about it")
	}
	ruled := 0
	for _, r := range rules.Routes {
		if r.Ruled {
			ruled++
		}
	}
	if ruled == 0 || ruled == len(rules.Routes) {
		t.Errorf("%d of %d are ruled", ruled, len(rules.Routes))
	}
}

// TestOne sends one request that is to be explained, and names the one that it was.
func TestOne(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	what := decode[console.Sending](t, post(t, url+"/api/send", `{"rate":1,"atOnce":1,"count":1,"agent":"Safari","path":"/x?y=1"}`))
	answer, err := l.Requests(t.Context(), control.RequestQuery{Query: traffic.Query{ID: what.ID}})
	if err != nil || len(answer.List) != 1 || answer.List[0].Path != "/x?y=1" {
		t.Errorf("%+v, %v: %+v", what, err, answer.List)
	}
}

// TestStop ends what is sent: by the button, and when nobody looks any more.
func TestStop(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	hear := stream(t, url)
	hear()
	post(t, url+"/api/send", `{"rate":50,"atOnce":5}`)
	until(t, hear, func(s console.Snapshot) error {
		if s.Sending == nil || !s.Sending.On || s.Sending.Done < 5 {
			return fmt.Errorf("%+v", s.Sending)
		}
		return nil
	})
	if s := decode[console.Sending](t, post(t, url+"/api/stop", `{}`)); s.On {
		t.Errorf("stopped: %+v", s)
	}
}

// TestUnwatched ends what is sent when the last page is closed.
func TestUnwatched(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	t.Run("looking", func(t *testing.T) { // the stream ends with it
		stream(t, url)()
		post(t, url+"/api/send", `{"rate":50,"atOnce":5}`)
	})
	labtest.Until(t, func() error {
		if s := decode[console.Snapshot](t, get(t, url+"/api/snapshot")); s.Sending.On {
			return fmt.Errorf("%+v", s.Sending)
		}
		return nil
	})
}

// TestSlow has a client that reads nothing: others get each snapshot, and the lab's end waits for
// nobody.
func TestSlow(t *testing.T) {
	t.Parallel()
	l := up(t)
	url := serve(t, l.folder)
	_, address, _ := strings.Cut(url, "//")
	stuck, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	if _, err := fmt.Fprintf(stuck, "GET /events HTTP/1.1\r\nHost: %s\r\n\r\n", address); err != nil {
		t.Fatal(err)
	}
	hear := stream(t, url)
	post(t, url+"/api/send", `{"rate":25,"atOnce":10}`)
	last := time.Now()
	for i := range 30 {
		s := decode[console.Snapshot](t, hear())
		if late := time.Since(last); late > 10*time.Second {
			t.Fatalf("snapshot %d came after %v", i, late)
		}
		if last = time.Now(); s.Gone != "" {
			t.Fatalf("snapshot %d: %s", i, s.Gone)
		}
	}
}
