package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson/screen"
	"istio-tutorial/lab/traffic"
)

// stty is what that program says of a terminal; nothing where it fails.
func stty(ctx context.Context, terminal io.Reader, args ...string) string {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "stty", args...)
	cmd.Stdin = terminal
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// eachKey has a terminal hand over keys as they are pressed.
func eachKey(ctx context.Context, terminal io.Reader) {
	stty(ctx, terminal, "-icanon", "-echo", "min", "1")
}

// keys has a terminal hand over each key as it is pressed; back puts it as it was. Without stty the
// keys come with the end of a line.
func keys(ctx context.Context, terminal io.Reader) (pressed <-chan byte, back func()) {
	before := stty(ctx, terminal, "-g")
	eachKey(ctx, terminal)
	all := make(chan byte)
	go func() {
		defer close(all)
		one := make([]byte, 1)
		for {
			if n, err := terminal.Read(one); n == 0 || err != nil {
				return
			}
			select {
			case all <- one[0]:
			case <-ctx.Done():
				return
			}
		}
	}()
	return all, func() {
		if before != "" {
			stty(ctx, terminal, before)
		}
	}
}

const (
	clearScreen = "\x1b[H\x1b[2J"
	refresh     = time.Second
)

// live draws the table again and again, until a key or a signal ends it.
func (t *topFlags) live(ctx context.Context, client *control.Client) error {
	pressed, back := keys(ctx, t.stdin)
	defer back()
	resumed := make(chan os.Signal, 1) // after Ctrl-Z: a shell has put its terminal as it wants it
	signal.Notify(resumed, syscall.SIGCONT)
	defer signal.Stop(resumed)
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	paused := false
	for {
		if !paused {
			if err := t.draw(ctx, client); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-resumed:
			eachKey(ctx, t.stdin)
		case <-tick.C:
		case key, ok := <-pressed:
			if !ok || key == 'q' {
				return nil
			}
			if key == ' ' {
				paused = !paused
			}
			t.press(key)
		}
	}
}

func (t *topFlags) press(key byte) {
	switch key {
	case 'n':
		t.sort = sortByName
	case 'r':
		t.sort = sortByRate
	case 'e':
		t.sort = sortByErrors
	case 'p':
		t.sort = sortByP95
	case 'w':
		spans := traffic.Spans()
		t.span = string(spans[(slices.Index(spans, traffic.Span(t.span))+1)%len(spans)])
	}
}

func (t *topFlags) draw(ctx context.Context, client *control.Client) error {
	table, err := client.Traffic(ctx, control.TrafficQuery{Span: traffic.Span(t.span)})
	if err != nil {
		return err
	}
	var text bytes.Buffer
	text.WriteString(clearScreen)
	width := screen.Columns(t.process.stdout)
	writeTop(&text, table, t.sort, width)
	keys := fmt.Sprintf("by %s; n name, r rate, e errors, p P95, w window, space pause, q quit", t.sort)
	fmt.Fprintln(&text)
	fmt.Fprintln(fit(&text, width), keys)
	_, err = text.WriteTo(t.stdout)
	return err
}
