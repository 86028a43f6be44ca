package service

import (
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// Process is what surrounds a program.
type Process struct {
	Args           []string // without the program's name
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	Terminal       bool               // Stdout is one
	Serving        func(*slog.Logger) // is called with the log before the program serves. Optional.
}

// OS returns the process as the operating system started it.
func OS() Process {
	info, err := os.Stdout.Stat()
	return Process{Args: os.Args[1:], Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0, Serving: prepare}
}

// heapGrowth is how much garbage may come before it is collected, in percent of what Go counts
// as in use, which is 4 MB at least. Go's own 100 has a service stop for it twenty times a
// second under load; 140 spares a quarter of that and costs 2 MB.
const heapGrowth = 140

// memoryLimit is from how many bytes on Go collects garbage whatever heapGrowth says. It leaves
// room for what Go does not count in the 64 MiB that a pod has in the manifests.
const memoryLimit = 40 << 20

// prepare sets what the whole process shares. What libraries say to Go's own log goes to log,
// and a reader of it that goes away ends no service by SIGPIPE.
func prepare(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	slog.SetDefault(log)
	signal.Ignore(syscall.SIGPIPE)
}
