package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseEnv(t *testing.T) {
	t.Parallel()
	got, err := parseEnv(strings.Fields("deployment/x deployment/y A=1=2 B= C- A=3"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Args, []string{"deployment/x", "deployment/y"}) ||
		!maps.Equal(got.Set, map[string]string{"A": "3", "B": ""}) || !slices.Equal(got.Unset, []string{"C"}) {
		t.Errorf("%+v", got)
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "10S": 10 * time.Second, "5M": 5 * time.Minute, "1H": time.Hour, "2": 2 * time.Minute,
		"1m30s": 90 * time.Second, "500ms": 500 * time.Millisecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"0", "0s", "-1s", "soon", "10D", "99999999999999999999S"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestParseHeaders(t *testing.T) {
	t.Parallel()
	got, err := parseHeaders([]string{"baggage: a=b:c", " X-Y :z", "user-agent: Safari"}, "lab")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Baggage": "a=b:c", "X-Y": "z", "User-Agent": "Safari"} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
}

func TestMayBePod(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{
		"recommendation-v1-6fc97476f8-m2ntp": true, "deployment/preference": true, "deployment.apps/x": true,
		"upstream_rq_retry": false, "ejections|retry": false, "cluster.x": false, "-x": false, "": false, "retry$": false,
	} {
		if got := mayBePod(word); got != want {
			t.Errorf("%q: %t, want %t", word, got, want)
		}
	}
}
