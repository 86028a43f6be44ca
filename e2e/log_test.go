package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/chain"
)

// logging is recommendation with a log of the test's own.
type logging struct {
	*chain.Process
	metrics string
}

// startLogging starts recommendation at the addresses, with the file as its log.
func startLogging(t *testing.T, out *os.File, address, metrics string) logging {
	t.Helper()
	cmd := exec.Command(filepath.Join(string(programs()), "recommendation"))
	cmd.Env = []string{"LISTEN_ON=" + address, "METRICS_ON=" + metrics, "DRAIN=0s", "LOG_FORMAT=json", "GORACE=" + chain.GoRace}
	p, err := chain.LaunchTo(cmd, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	p.Address = address
	err = await.Until(await.Patience, func() error {
		if err := p.Running(); err != nil {
			return await.Never(err)
		}
		_, err := chain.Ask(p.URL() + "/health/ready")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return logging{p, "http://" + metrics + "/metrics"}
}

// dropped returns how many lines the service says that it has dropped.
func (l logging) dropped(t *testing.T) string {
	t.Helper()
	a, err := chain.Ask(l.metrics)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`log_lines_dropped_total\{service="recommendation"\} (\S+)`).FindStringSubmatch(a.Body)
	if found == nil {
		t.Fatalf("no such metric:\n%s", a.Body)
	}
	return found[1]
}

// ends holds that SIGTERM ends the service well.
func (l logging) ends(t *testing.T) {
	t.Helper()
	if err := l.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if how, err := l.Wait(await.Patience); err != nil || how != "exit status 0" {
		t.Errorf("ended by %s, %v", how, err)
	}
}

// A reader of the log that stops costs lines, and nothing else.
func TestLogReaderStops(t *testing.T) {
	t.Parallel()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p := startLogging(t, out, nowhere(t), nowhere(t))
	_ = out.Close()
	client := &http.Client{Timeout: await.Patience}
	agent := strings.Repeat("u", 290)
	for n := 1; n <= 8000; n++ { // 4 MB of lines: twice what waits
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", agent)
		a, err := chain.Do(client, req)
		if want := fmt.Sprintf("recommendation v1 from 'unknown': %d\n", n); err != nil || a.Body != want {
			t.Fatalf("got %+v, %v, want %q", a, err, want)
		}
	}
	if n := p.dropped(t); n == "0" {
		t.Error("no line was dropped: they fill the memory, or the test is too short")
	}
	p.ends(t)
}

// A reader that goes away, or a disk that is full, costs lines, and ends no service.
func TestLogCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() (*os.File, error){
		"gone": func() (*os.File, error) {
			in, out, err := os.Pipe()
			if err == nil {
				err = in.Close()
			}
			return out, err
		},
		"full": func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := open()
			if err != nil {
				t.Skipf("SKIP: %v", err)
			}
			p := startLogging(t, out, nowhere(t), nowhere(t))
			_ = out.Close()
			err = await.Until(await.Patience, func() error {
				if a := p.Get(t, "/"); a.Status != 200 {
					return await.Never(fmt.Errorf("got %+v", a))
				}
				if p.dropped(t) == "0" {
					return fmt.Errorf("no line counts as dropped")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			p.ends(t)
			if said := p.Log(); !strings.HasPrefix(said, "recommendation: log: write ") || strings.Count(said, "\n") != 1 {
				t.Errorf("it complains: %q", said)
			}
		})
	}
}

// What net/http's client has to say by itself is a line of the log too.
func TestLibrariesLogInTheLogsFormat(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nB"
	goOn := make(chan struct{})
	p := newPeer(t, func(w io.Writer) bool {
		say(w, answer, 1)
		<-goOn
		say(w, answer, 1) // which nobody asked for
		return true
	})
	customer := programs().Run(t, chain.Spec{Program: "customer",
		Env: chain.Env{"PREFERENCE_URL": "http://preference:8080", "HTTP_PROXY": p.url}})
	if got := customer.Get(t, "/"); got != said(200, "customer => B\n") {
		t.Errorf("got %+v", got)
	}
	if _, err := customer.WaitLog(`"msg":"request"`); err != nil { // the client reads on
		t.Fatal(err)
	}
	close(goOn)
	if _, err := customer.WaitLog(`"msg":"Unsolicited response`); err != nil {
		t.Error(err)
	}
	for lines := bufio.NewScanner(strings.NewReader(customer.Log())); lines.Scan(); {
		if !json.Valid(lines.Bytes()) {
			t.Errorf("not a line of the log: %s", lines.Text())
		}
	}
}
