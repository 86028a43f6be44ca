package console_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/console"
	"istio-tutorial/lab/control"
	"istio-tutorial/lab/labtest"
)

// serve is a page of a lab that is gone, or of one that runs.
func serve(t *testing.T, folder control.Folder) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := console.Start(l, config(folder))
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// reply is what came back.
type reply struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// ask sends a request with some headers; Host among them is the host.
func ask(t *testing.T, method, url, body string, header map[string]string) (reply, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Status, res.Header}, string(data)
}

// TestGuard has others ask than the page itself.
func TestGuard(t *testing.T) {
	t.Parallel()
	url := serve(t, newFolder(t))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	json := "application/json"
	for _, c := range []struct {
		name, method, path string
		header             map[string]string
		want               int
	}{
		{"the page", "GET", "/", nil, 200},
		{"localhost", "GET", "/", map[string]string{"Host": "localhost:" + port}, 200},
		{"IPv6", "GET", "/main.js", map[string]string{"Host": "[::1]:" + port}, 200},
		{"a name that leads here", "GET", "/", map[string]string{"Host": "evil.example:" + port}, 403},
		{"another port", "GET", "/", map[string]string{"Host": "localhost:1"}, 403},
		{"its own origin", "GET", "/style.css", map[string]string{"Origin": url}, 200},
		{"another origin", "GET", "/main.js", map[string]string{"Origin": "http://evil.example"}, 403},
		{"an origin of another port", "GET", "/events", map[string]string{"Origin": "http://localhost:1"}, 403},
		{"no origin to speak of", "GET", "/api/rules", map[string]string{"Origin": "null"}, 403},
		{"another site's picture", "GET", "/icon.svg", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"a link to it", "GET", "/", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
		{"a form of another page", "POST", "/api/send", map[string]string{"Content-Type": "text/plain"}, 400},
		{"another origin that sends", "POST", "/api/send", map[string]string{"Origin": "http://evil.example", "Content-Type": json}, 403},
		{"a lab that is gone", "POST", "/api/send", map[string]string{"Content-Type": json}, 503},
		{"rules of a lab that is gone", "GET", "/api/rules", nil, 503},
		{"no such file", "GET", "/go.mod", nil, 404},
		{"a folder", "GET", "/../console.go", nil, 404},
		{"a method", "DELETE", "/api/rules", nil, 405},
	} {
		res, body := ask(t, c.method, url+c.path, `{"rate":1,"atOnce":1,"count":1}`, c.header)
		if res.StatusCode != c.want {
			t.Errorf("%s: %s %s: %s %s", c.name, c.method, c.path, res.Status, body)
		}
	}
}

// TestPolicy holds what a browser is told against what the page needs.
func TestPolicy(t *testing.T) {
	t.Parallel()
	url := serve(t, newFolder(t))
	for _, path := range []string{"/", "/main.js", "/style.css", "/icon.svg", "/api/rules"} {
		res, _ := ask(t, http.MethodGet, url+path, "", nil)
		policy := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: no %s in %q", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
			res.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
	res, _ := ask(t, http.MethodGet, url+"/main.js", "", nil)
	if again, body := ask(t, http.MethodGet, url+"/main.js", "", map[string]string{"If-None-Match": res.Header.Get("ETag")}); again.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("asked again: %s", again.Status)
	}
}

// TestSize has the whole page fit into 40 kB, and nothing in it that its policy forbids.
func TestSize(t *testing.T) {
	t.Parallel()
	list, err := os.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range list {
		data, err := os.ReadFile("page/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		var packed counter
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(data); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		total += int(packed)
		for _, bad := range []string{"innerHTML", "eval(", "://cdn", "import('http", "<script>", " style=\"", "onclick=\""} {
			if strings.Contains(string(data), bad) {
				t.Errorf("%s has %s", f.Name(), bad)
			}
		}
	}
	t.Logf("%d files, %d bytes by gzip", len(list), total)
	if total > 40_000 {
		t.Errorf("the page has %d bytes by gzip, each file by itself: want 40 000 at most", total)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// stream reads snapshots; hear returns what is there to see after the next, as a page puts it together.
func stream(t *testing.T, url string) (hear func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		t.Fatalf("events: %s", res.Status)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	all := map[string]json.RawMessage{}
	return func() string {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				all = together(t, all, decode[map[string]json.RawMessage](t, data))
				text, err := json.Marshal(all)
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
}

// together is a snapshot with what is new: requests grow, of all else the latest holds.
func together(t *testing.T, all, news map[string]json.RawMessage) map[string]json.RawMessage {
	t.Helper()
	if news["gone"] != nil {
		return news
	}
	var list []console.Request
	for _, part := range []json.RawMessage{all["requests"], news["requests"]} {
		if part == nil {
			continue
		}
		for _, r := range decode[[]console.Request](t, string(part)) {
			list = slices.DeleteFunc(list, func(old console.Request) bool { return old.ID == r.ID })
			list = append(list, r)
		}
	}
	both := maps.Clone(all)
	maps.Copy(both, news)
	delete(both, "gone")
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	both["requests"] = text
	return both
}

// TestGone says that no lab answers, and refuses more streams than browsers.
func TestGone(t *testing.T) {
	t.Parallel()
	url := serve(t, newFolder(t))
	hear := stream(t, url)
	if s := hear(); !strings.Contains(s, control.ErrNotRunning.Error()) {
		t.Errorf("snapshot %s", s)
	}
	for range 31 {
		stream(t, url)
	}
	labtest.Until(t, func() error {
		res, body := ask(t, http.MethodGet, url+"/events", "", nil)
		if res.StatusCode != http.StatusServiceUnavailable {
			return fmt.Errorf("%s: %s", res.Status, body)
		}
		return nil
	})
}

// TestSendMisuse has nothing of it sent.
func TestSendMisuse(t *testing.T) {
	t.Parallel()
	url := serve(t, newFolder(t))
	for body, want := range map[string]string{
		`{"rate":0,"atOnce":1}`:                              "rate 0: want 1 to 100",
		`{"rate":101,"atOnce":1}`:                            "rate 101",
		`{"rate":1,"atOnce":51}`:                             "at once 51: want 1 to 50",
		`{"rate":1,"atOnce":1,"count":-1}`:                   "count -1",
		`{"rate":1,"atOnce":1,"path":"http://evil.example"}`: "want one that begins with /",
		`{"rate":1,"atOnce":1,"headers":["nonsense"]}`:       "want NAME: VALUE",
		`{"rate":1,"atOnce":1,"headers":["a b: c"]}`:         "want NAME: VALUE",
		`{"rate":1,"atOnce":1,"headers":["a: b\u0000c"]}`:    "no header may have",
		`{"rate":1,"atOnce":1,"agent":"a\r\nHost: x"}`:       "no header may have",
		`{"rate":1,"atOnce":1,"url":"http://evil.example"}`:  "unknown field",
		`{`: "unexpected EOF",
		`{"rate":1,"atOnce":1,"headers":["a:` + strings.Repeat("b", 1000) + `"]}`: "want NAME: VALUE",
	} {
		res, text := ask(t, http.MethodPost, url+"/api/send", body, map[string]string{"Content-Type": "application/json"})
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s: %s %s, want %q", body, res.Status, text, want)
		}
	}
}
