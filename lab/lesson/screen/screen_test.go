package screen_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"istio-tutorial/lab/lesson/screen"
)

func noEnv(string) string { return "" }

// TestPipe shows text as it is, all at once, where there is no terminal.
func TestPipe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := screen.New(&out, func(string) string { return "xterm" })
	if s.Colour || s.Width() != 80 {
		t.Errorf("colour %t, width %d", s.Colour, s.Width())
	}
	lines := strings.Split(strings.Repeat("line\n", 500)+"end", "\n")
	err := s.Pages(t.Context(), lines, func([]string) int { return 1 }, func(context.Context) error { return errors.New("asked") })
	s.Brief("brief")
	s.Clear()
	s.Ask("why? ")
	if want := strings.Join(lines, "\n") + "\nwhy? "; err != nil || out.String() != want {
		t.Errorf("%v: %q", err, out.String())
	}
}

// TestDevice takes /dev/null, which is a device, for no terminal.
func TestDevice(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if screen.New(null, noEnv).Colour || screen.Type(null).Terminal() {
		t.Error("a terminal")
	}
}

// TestKeys keeps lines of a pipe until they are wanted, and ends with it, or with its context.
func TestKeys(t *testing.T) {
	t.Parallel()
	keys := screen.Type(strings.NewReader("a \n\nb"))
	keys.Forget() // nobody types ahead in a pipe
	for _, want := range []string{"a", "", "b"} {
		if got, err := keys.Next(t.Context(), func() {}); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if _, err := keys.Next(t.Context(), func() {}); !errors.Is(err, io.EOF) {
		t.Errorf("error %v", err)
	}
	read, write := io.Pipe()
	defer write.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the cause")
	cancel(cause)
	if _, err := screen.Type(read).Next(ctx, func() {}); !errors.Is(err, cause) {
		t.Errorf("error %v", err)
	}
}
