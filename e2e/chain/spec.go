package chain

import (
	"maps"
	"slices"
)

// Env is the environment of a process, by variable.
type Env map[string]string

// With returns e with more, which wins.
func (e Env) With(more Env) Env {
	both := maps.Clone(e)
	if both == nil {
		both = Env{}
	}
	maps.Copy(both, more)
	return both
}

func (e Env) list() []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		list = append(list, name+"="+e[name])
	}
	return list
}

// Defaults returns what a process gets if its Spec says nothing else: a free port, and nothing to
// wait for at its end. It gets nothing of the caller's environment.
func Defaults() Env {
	return Env{"LISTEN_ON": "127.0.0.1:0", "METRICS_ON": "off", "DRAIN": "0s", "LOG_FORMAT": "json",
		"GORACE": GoRace}
}

// GoRace is the race detector's setting that lets a process end at once, not after a second.
const GoRace = "atexit_sleep_ms=0"

// Spec says what to run.
type Spec struct {
	Program string   // its name. Required.
	Args    []string // Optional.
	Env     Env      // beside the Defaults. Optional.
	Silent  bool     // read its log, but do not keep it once it listens. Optional.
}
