package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrSilent says that a lab is there that does not answer.
var ErrSilent = errors.New("the lab does not answer (stopped by Ctrl-Z? fg continues it)")

// A question may take as long as it likes, while the lab answers pings: they begin after a pause,
// and each has so much time. A busy machine may let several wait; a stopped lab is known by one.
const (
	pingPause = time.Second
	pingTime  = time.Second
	pings     = 5
)

// watch ends a question once its lab is found silent.
func (c *Client) watch(ctx context.Context, end context.CancelCauseFunc) {
	for {
		select {
		case <-time.After(pingPause):
		case <-ctx.Done():
			return
		}
		if c.isSilent(ctx) {
			end(ErrSilent)
			return
		}
	}
}

func (c *Client) isSilent(ctx context.Context) bool {
	for range pings {
		if c.answersPing(ctx) || ctx.Err() != nil {
			return false
		}
		if isStopped(ctx, c.folder.PID()) {
			return true
		}
	}
	return true
}

// answersPing is true also where nobody is there: then the question fails by itself.
func (c *Client) answersPing(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://lab/ping", http.NoBody)
	if err != nil {
		return true
	}
	resp, err := c.http.Do(req)
	if err == nil {
		_ = resp.Body.Close() // it has none
		return true
	}
	// The second is the error of a stopped lab with a full queue.
	return !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, syscall.EAGAIN)
}

// isStopped reports whether a process is known to be stopped by a signal.
func isStopped(ctx context.Context, pid int) bool {
	if pid <= 0 {
		return false
	}
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		text := string(data) // PID (NAME) STATE …, and the name may hold anything
		return strings.HasPrefix(text[strings.LastIndex(text, ")")+1:], " T")
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(out)), "T")
}
