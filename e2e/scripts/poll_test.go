package scripts

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/e2e/cmdline"
)

func TestPollGoesOn(t *testing.T) {
	answers := []string{"customer => 503 preference => 503 fault filter abort\n", "", "customer => ok"}
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(answers[served]))
		served++
	}))
	defer server.Close()
	got := cmdline.Line{
		Argv: []string{"bin/poll_customer.sh", "-n", "3", "-i", "0"},
		Env:  []string{"CUSTOMER_URL=" + server.URL},
	}.Run(t)
	want := "customer => 503 preference => 503 fault filter abort\n(status 503 without text)\ncustomer => ok\n"
	if got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// A refusal is shown once and counted; with the first comes what to do; and the script goes on.
func TestPollCountsRefusals(t *testing.T) {
	address := "127.0.0.1:" + cmdline.FreePorts(t, 1)[0]
	s := start(t, nil, "bin/poll_customer.sh", "-i", "0.01", address)
	s.says(t, "`make run` in another terminal starts one")
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("it answers"))
	})}
	defer server.Close()
	go func() { _ = server.Serve(l) }()
	s.says(t, "it answers")
	_ = syscall.Kill(-s.Process.Pid, syscall.SIGINT)
	if code := s.status(t); code != 130 {
		t.Errorf("status after Ctrl-C = %d, want 130", code)
	}
	want := regexp.MustCompile("^curl: .7. .*\npoll_customer: nobody listens there: .*\n" +
		"(\\([0-9]+ times more\\)\n)?(it answers\n)+$")
	if !want.MatchString(s.out.String()) {
		t.Errorf("it says %s", s.out)
	}
}

func TestPollCounts(t *testing.T) {
	address := "http://127.0.0.1:" + cmdline.FreePorts(t, 1)[0]
	for _, count := range [][]string{
		{"-n", "3", address}, {"--count", "3", address}, {"--count=3", address}, {address, "-n", "3"}, {address, "-n", "3", "-i", "-A", "me"},
	} {
		argv := append([]string{"bin/poll_customer.sh", "-i", "0"}, count...)
		got, err := cmdline.Line{Argv: argv}.Try(t)
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 1 {
			t.Errorf("%s: %v, want status 1: nobody answered", count, err)
		}
		if strings.Count(got, "curl: (7) ") != 1 || !strings.Contains(got, "\n(2 times more)\n") {
			t.Errorf("%s: %s", count, got)
		}
	}
}

// The URL may stand after curl's options: then no other is asked. A header's value is no URL.
func TestPollAsksOneURL(t *testing.T) {
	asked := func(answer string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(answer + " " + r.Referer() + r.UserAgent() + "\n"))
		}))
		t.Cleanup(server.Close)
		return server
	}
	standard, other := asked("standard"), asked("other")
	bare := strings.TrimPrefix(other.URL, "http://")
	for argv, want := range map[string]string{
		"-A Safari " + other.URL:        "other Safari\n",
		"-A Safari " + bare:             "other Safari\n",
		other.URL + " -A Safari":        "other Safari\n",
		"-A http://agent/":              "standard http://agent/\n",
		"-A http://agent/ " + other.URL: "other http://agent/\n",
		"-A x -e http://page/":          "standard http://page/x\n",
	} {
		got := cmdline.Line{
			Argv: append([]string{"bin/poll_customer.sh", "-n", "1"}, strings.Fields(argv)...),
			Env:  []string{"CUSTOMER_URL=" + standard.URL},
		}.Run(t)
		if got != want {
			t.Errorf("%s: got %q, want %q", argv, got, want)
		}
	}
}

// What curl does not understand ends the script; it would say the same for ever.
func TestPollEndsAtMisuse(t *testing.T) {
	out, err := cmdline.Line{Argv: []string{"bin/poll_customer.sh", "--cuont", "3"}}.Try(t)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if want := "poll_customer: curl: option --cuont: is unknown\n"; !ok || exit.ExitCode() != 2 || out != want {
		t.Errorf("%v: %s", err, out)
	}
}
