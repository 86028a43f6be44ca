package main

import (
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/traffic"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

// longest is a request with much to say: four tries, a copy, rules that did not act.
func longest() *traffic.Request {
	long := strings.Repeat("long-", 30)
	last := &traffic.Call{
		From: traffic.End{Workload: "preference"}, To: traffic.End{Workload: "recommendation-v2"},
		Status: 503, Cause: cause.ProgramError, By: traffic.Program, Flags: "URX",
		Acts: []traffic.Act{{Part: rulebook.PartRetry, Rule: rulebook.Rule{Kind: "VirtualService", Name: long}}},
	}
	for range 4 {
		last.Tries = append(last.Tries, &traffic.Try{To: traffic.End{Pod: "recommendation-v2-1"}, Status: 503, Flags: "UF"})
	}
	for range 9 {
		last.Missed = append(last.Missed, traffic.Miss{Name: long, Why: "user-agent is " + long})
	}
	middle := &traffic.Call{From: traffic.End{Workload: "customer"}, To: traffic.End{Workload: "preference"}, Status: 503, Cause: cause.PassedOn, By: traffic.Program}
	middle.Tries = []*traffic.Try{{Calls: []*traffic.Call{last}}}
	first := &traffic.Call{From: traffic.End{Workload: "ingress"}, To: traffic.End{Workload: "customer"}, Status: 503, Cause: cause.PassedOn, By: traffic.Program}
	first.Tries = []*traffic.Try{{Calls: []*traffic.Call{middle}}}
	rule := &rulebook.Rule{Kind: "VirtualService", Name: "r", File: long, Line: 7, Lines: strings.Split("a\nb\nc\nd\ne\nf", "\n")}
	return &traffic.Request{
		ID: "id", Began: time.Unix(0, 0), Host: long, Path: "/" + long, Status: 503, Calls: []*traffic.Call{first},
		Cause: cause.ProgramError, Words: strings.Repeat("words and ", 40), Rule: rule,
	}
}

// TestTopSaysWhatWasDropped holds that a table for which lines were lost has their number.
func TestTopSaysWhatWasDropped(t *testing.T) {
	t.Parallel()
	for dropped, want := range map[int]bool{0: false, 17: true} {
		var b strings.Builder
		writeTop(&b, traffic.Table{Dropped: dropped}, "name", 0)
		if strings.Contains(b.String(), "17 lines of the proxies' log were not read") != want {
			t.Errorf("%d dropped: %s", dropped, b.String())
		}
	}
}

// TestWhyCanBeTyped holds that a line to type is whole, also if it is wide.
func TestWhyCanBeTyped(t *testing.T) {
	t.Parallel()
	r := longest()
	r.ID = "1b36ddc4-ff50-4ce2-a917-5663b436206f"
	r.Rule.Namespace, r.Rule.Name = tutorialNamespace, "recommendation-of-tomorrow"
	tries := r.Deciding().Tries
	tries[len(tries)-1].To.Pod = "recommendation-v2-of-the-day-after-tomorrow-1"
	for cause, want := range map[cause.Cause]string{
		cause.ProgramError: "\nLogs:\n  bin/lab --name lesson-4022 logs recommendation-v2-of-the-day-after-tomorrow-1\n",
		cause.Denied:       "\nUndo:\n  bin/lab --name lesson-4022 delete virtualservice " + r.Rule.Name + "\n",
	} {
		r.Cause = cause
		var b strings.Builder
		whyPrinter{w: &b, typed: (&app{process: process{getenv: func(string) string { return "" }}, name: "lesson-4022"}).line}.why(r, "")
		for _, want := range []string{"\nMore:\n  bin/lab --name lesson-4022 why " + r.ID + " -o json\n", want} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", cause, want, b.String())
			}
		}
	}
}

// TestWhyTellsTheAge holds that an answer of long ago is not taken for one of now.
func TestWhyTellsTheAge(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]string{59 * time.Second: "", 61500 * time.Millisecond: ", 1m1s ago", 2 * time.Hour: ", 2h0m0s ago"} {
		if got := ago(age); got != want {
			t.Errorf("%s: %q, want %q", age, got, want)
		}
	}
}

func TestWhyFits(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	whyPrinter{w: &b, typed: (&app{process: process{getenv: func(string) string { return "" }}, name: defaultLab}).line}.why(longest(), strings.Repeat("body ", 100)+"\x1b[2J")
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for _, line := range lines {
		if len([]rune(line)) > widest {
			t.Errorf("%d columns: %s", len([]rune(line)), line)
		}
	}
	text := b.String()
	if strings.Contains(text, "Undo:") {
		t.Errorf("the rule is to go, for an error of the program\n%s", text)
	}
	denied := longest()
	denied.Cause = cause.Denied
	b.Reset()
	whyPrinter{w: &b, typed: (&app{process: process{getenv: func(string) string { return "" }}, name: defaultLab}).line}.why(denied, "")
	if want := "Undo: bin/lab delete virtualservice r"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
	for _, want := range []string{"try 4: recommendation-v2-1, 503 UF", "and 6 more", "Logs: bin/lab logs recommendation-v2-1"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("an escape of the answer reaches the terminal")
	}
	t.Logf("%d lines", len(lines))
}

// TestBack tells of an ejected pod when it returns, where that is known.
func TestBack(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	for want, p := range map[string]traffic.Pod{
		"ready":                 {Ready: true},
		"pending, not ready":    {Status: "Pending"},
		"ejected by preference": {Ejected: []string{"preference"}, Ready: true},
		"ejected by preference for 3s, back in 12s": {
			Ejected: []string{"preference"}, Since: now.Add(-3 * time.Second), Until: now.Add(12 * time.Second),
		},
		"ejected by a, b for 20s, back at the next check": {
			Ejected: []string{"a", "b"}, Since: now.Add(-20 * time.Second), Until: now.Add(-5 * time.Second),
		},
	} {
		if got := podState(p, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
