package main

import (
	"strings"
	"testing"

	"istio-tutorial/service/servicetest"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for i, c := range []struct { // in this order
		args   []string
		status int
		out    string
		err    string
	}{
		{[]string{"get", "/"}, 0, "recommendation v1 from 'unknown': 1\n", ""},
		{[]string{"misbehave"}, 0, "Following requests to '/' will return a 503\n", ""},
		{[]string{"get", "/"}, 1, "recommendation misbehavior from 'unknown'\n",
			"http://ADDRESS/: 503 Service Unavailable"},
		{[]string{"behave"}, 0, "Following requests to '/' will return a 200\n", ""},
		{[]string{"get", s.URL}, 0, "recommendation v1 from 'unknown': 1\n", ""},
		{[]string{"timeout", "1ms"}, 0, "Following requests to '/' will be answered after 1ms\n", ""},
		{[]string{"timeout", "0s"}, 0, "Following requests to '/' will be answered after 0s\n", ""},
		{[]string{"timeout", "-3s"}, 1, "timeout: d: \"-3s\": not a duration such as 3s or 500ms\n",
			"http://ADDRESS/timeout?d=-3s: 400 Bad Request"},
		{[]string{"timeout", "a&b=c d"}, 1, "timeout: d: \"a&b=c d\": not a duration such as 3s or 500ms\n",
			"http://ADDRESS/timeout?d=a%26b%3Dc+d: 400 Bad Request"},
		{[]string{"timeout"}, 2, "", "timeout: one duration is needed, such as 3s"},
		{[]string{"timeout", "3s", "3s"}, 2, "", "timeout: one duration is needed, such as 3s"},
		{[]string{"behave", "now"}, 2, "", "behave: takes no arguments"},
		{[]string{"sleep"}, 2, "", "sleep: no such command; -h lists them"},
	} {
		got := servicetest.Run(t, program(), map[string]string{"LISTEN_ON": s.Address}, c.args...)
		want := servicetest.Result{Status: c.status, Stdout: c.out}
		if c.err != "" {
			want.Stderr = "recommendation: " + strings.ReplaceAll(c.err, "ADDRESS", s.Address) + "\n"
		}
		if got != want {
			t.Errorf("%d. %q: got %+v, want %+v", i+1, c.args, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	env := map[string]string{"TIMEOUT": "3"}
	got := servicetest.Run(t, program(), env, "-version", "v2", "-listen-on", "http")
	const want = `recommendation: -listen-on: "http": not a port
recommendation: TIMEOUT: "3": not a duration such as 3s or 500ms
`
	if got.Status != 2 || got.Stderr != want {
		t.Errorf("got %+v, want %q", got, want)
	}
	help := servicetest.Run(t, program(), nil, "-help").Stdout
	for _, want := range []string{
		"\n  recommendation misbehave ", "\n  recommendation behave ", "\n  recommendation timeout 3s ",
		"-version, $VERSION\n", "-timeout, $TIMEOUT\n", "-hostname, $HOSTNAME\n",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("there is no %q in\n%s", want, help)
		}
	}
}
