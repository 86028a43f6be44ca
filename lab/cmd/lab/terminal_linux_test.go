package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/lesson/prose"
)

// terminal is one that a script has opened, with a command in it. testscript's own ttyin types
// everything at once, which a walk drops.
type terminal struct {
	cmd     *exec.Cmd
	keys    *os.File
	mark    string // in the environment of all that it started
	ended   chan error
	read    chan struct{} // closed behind the last that is shown
	mu      sync.Mutex
	shown   bytes.Buffer
	matched int // of shown
}

type terminalKey struct{}

// terminalCommands are what scripts have for terminals:
//
//	terminal COLUMNS ROWS CMD...   open one, and run a command in it
//	shows REGEXP                   wait until it shows that, behind what was last waited for
//	press WORD...                  type; Enter and Ctrl-C are keys
//	resumes                        stop it as Ctrl-Z does, and go on
//	closes STATUS                  wait for the command's end, and hold that nothing of it is left; what
//	                               was shown is in stdout
//	fits COLUMNS                   hold that each line that it has shown is no wider
func terminalCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"terminal": openTerminal, "shows": shows, "press": press, "resumes": resumes, "closes": closes, "fits": fits,
	}
}

// openPTY returns both ends of a terminal.
func openPTY(columns, rows uint16) (ours, theirs *os.File, err error) {
	ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(ours.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows})
	}
	if err == nil {
		theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	return ours, theirs, errors.Join(err)
}

func openTerminal(ts *testscript.TestScript, _ bool, args []string) {
	columns, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	rows, err := strconv.ParseUint(args[1], 10, 16)
	ts.Check(err)
	ours, theirs, err := openPTY(uint16(columns), uint16(rows))
	ts.Check(err)
	t := &terminal{keys: ours, ended: make(chan error, 1), read: make(chan struct{})}
	t.cmd = command(ts, args[2:]...)
	t.mark = fmt.Sprintf("OPENED_IN=%p", t)
	for _, name := range []string{"TERM", "NO_COLOR", "LANG"} {
		t.cmd.Env = append(t.cmd.Env, name+"="+ts.Getenv(name))
	}
	t.cmd.Env = append(t.cmd.Env, t.mark)
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = theirs, theirs, theirs
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(t.cmd.Start())
	ts.Check(theirs.Close())
	go t.listen()
	go func() { t.ended <- t.cmd.Wait() }()
	ts.Value(terminalKey{}).(*openTerminals).last = t
	ts.Defer(func() { _ = errors.Join(t.cmd.Process.Kill(), ours.Close()) })
}

// openTerminals has the terminal that a script opened last.
type openTerminals struct{ last *terminal }

func terminalOf(ts *testscript.TestScript) *terminal {
	return ts.Value(terminalKey{}).(*openTerminals).last
}

// listen keeps what is shown until the terminal closes.
func (t *terminal) listen() {
	defer close(t.read)
	buffer := make([]byte, 4<<10)
	for {
		n, err := t.keys.Read(buffer)
		t.mu.Lock()
		t.shown.Write(buffer[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is what was shown, with the ends of lines as they are in a file.
func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ReplaceAll(t.shown.String(), "\r\n", "\n")
}

func shows(ts *testscript.TestScript, _ bool, args []string) {
	t := terminalOf(ts)
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	ts.Check(labtest.Poll(func() error {
		text := t.text()
		at := pattern.FindStringIndex(text[t.matched:])
		if at == nil {
			return fmt.Errorf("no %s in %q", pattern, text[t.matched:])
		}
		t.matched += at[1]
		return nil
	}))
}

func press(ts *testscript.TestScript, _ bool, args []string) {
	keys := strings.NewReplacer("Enter", "\r", "Ctrl-C", "\x03").Replace(strings.Join(args, ""))
	_, err := terminalOf(ts).keys.WriteString(keys)
	ts.Check(err)
}

// resumes stops the command, and has it go on in a terminal that a shell has used meanwhile.
func resumes(ts *testscript.TestScript, _ bool, _ []string) {
	t := terminalOf(ts)
	ts.Check(t.cmd.Process.Signal(syscall.SIGSTOP))
	mode, err := unix.IoctlGetTermios(int(t.keys.Fd()), unix.TCGETS)
	ts.Check(err)
	mode.Lflag |= unix.ICANON | unix.ECHO
	ts.Check(unix.IoctlSetTermios(int(t.keys.Fd()), unix.TCSETS, mode))
	ts.Check(t.cmd.Process.Signal(syscall.SIGCONT))
}

func closes(ts *testscript.TestScript, _ bool, args []string) {
	t := terminalOf(ts)
	select {
	case <-t.ended:
	case <-time.After(deadline):
		ts.Fatalf("it goes on: %q", t.text())
	}
	ts.Check(labtest.Poll(t.left))
	<-t.read // nobody has it open any more
	fmt.Fprint(ts.Stdout(), t.text())
	if status := strconv.Itoa(t.cmd.ProcessState.ExitCode()); status != args[0] {
		ts.Fatalf("exit status %s", status)
	}
}

// escapes are what moves a terminal's cursor, and changes its colours.
var escapes = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

func fits(ts *testscript.TestScript, _ bool, args []string) {
	columns, err := strconv.Atoi(args[0])
	ts.Check(err)
	for line := range strings.Lines(terminalOf(ts).text()) {
		line = line[strings.LastIndex(line, "\r")+1:] // what was there before is gone
		if n := prose.Width(escapes.ReplaceAllString(strings.TrimSuffix(line, "\n"), "")); n > columns {
			ts.Fatalf("%d columns: %s", n, line)
		}
	}
}

// left is an error as long as a process of the terminal's command runs.
func (t *terminal) left() error {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environ, err := os.ReadFile(file) // another user's cannot be read
		if err == nil && bytes.Contains(environ, []byte(t.mark+"\x00")) {
			command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			return fmt.Errorf("%s is left: %q", filepath.Dir(file), command)
		}
	}
	return err
}

// TestLeft finds a process that is left, without which no script would.
func TestLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	it := &terminal{mark: "OPENED_IN=test"}
	cmd := exec.CommandContext(ctx, "sleep", "600")
	cmd.Env = []string{it.mark}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := it.left(); err == nil || !strings.Contains(err.Error(), "sleep") {
		t.Errorf("left: %v", err)
	}
	cancel()
	_ = cmd.Wait() // it was killed
	if err := it.left(); err != nil {
		t.Error(err)
	}
}
