package screen

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Keys is what a reader types, a line at a time. It is made by Type.
type Keys struct {
	typed    chan string
	terminal *os.File // nil: a pipe, which holds its lines until they are wanted
}

// Type reads what a reader types until there is no more.
func Type(in io.Reader) *Keys {
	k := &Keys{typed: make(chan string)}
	if IsTerminal(in) {
		k.terminal = in.(*os.File)
	}
	go func() {
		defer close(k.typed)
		for s := bufio.NewScanner(in); s.Scan(); {
			k.typed <- strings.TrimSpace(s.Text())
		}
	}()
	return k
}

// Terminal reports whether a person types.
func (k *Keys) Terminal() bool { return k.terminal != nil }

// Forget drops what was typed before anybody asked for it.
func (k *Keys) Forget() {
	if k.terminal == nil {
		return
	}
	_ = drop(k.terminal) // what it keeps is only an early answer
	for {
		select {
		case _, ok := <-k.typed:
			if !ok {
				return
			}
		default:
			return
		}
	}
}

// Next waits for a line, and calls again when the program goes on after Ctrl-Z: what a shell has written
// stands where the question was. The error is io.EOF after the last line, or that of ctx.
func (k *Keys) Next(ctx context.Context, again func()) (string, error) {
	resumed := make(chan os.Signal, 1)
	signal.Notify(resumed, syscall.SIGCONT)
	defer signal.Stop(resumed)
	for {
		select {
		case <-resumed:
			again()
		case line, ok := <-k.typed:
			if !ok {
				return "", io.EOF
			}
			return line, nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
