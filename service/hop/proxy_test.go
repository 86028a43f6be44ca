package hop_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"istio-tutorial/service/hop"
	"istio-tutorial/service/tracing"
)

// askVariable holds the address that this binary is to ask instead of testing: Go reads
// HTTP_PROXY once in a process.
const askVariable = "HOP_TEST_ASK"

func TestMain(m *testing.M) {
	address := os.Getenv(askVariable)
	if address == "" {
		os.Exit(m.Run())
	}
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	next := hop.NewClient(hop.Next{Name: "preference", URL: u, Timeout: time.Hour}, limit, tracing.Tracer{})
	a, err := next.Get(incoming())
	fmt.Print(a.Status, " ", a.Body, " ", err)
}

func TestProxy(t *testing.T) {
	t.Parallel()
	const name = "no..preference:8080" // which nobody looks up
	for _, c := range []struct{ exempt, want, asked string }{
		{"", "503 by the proxy <nil>", "GET http://" + name + "/ HTTP/1.1\r\nHost: " + name + "\r\n\r\n"},
		{"no..preference", "0  http://" + name + ": dial tcp: lookup no..preference: no such host", ""},
	} {
		proxy := serveRaw(t, says(answer("503 Service Unavailable", "by the proxy")))
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{askVariable + "=http://" + name, "HTTP_PROXY=" + proxy.url,
			"NO_PROXY=" + c.exempt, "GORACE=atexit_sleep_ms=0"}
		got, err := cmd.Output()
		if err != nil || string(got) != c.want {
			t.Errorf("got %q, %v, want %q", got, err, c.want)
		}
		if asked, _ := proxy.seen(); strings.Join(asked, "") != c.asked {
			t.Errorf("the proxy was asked %q, want %q", asked, c.asked)
		}
	}
}
