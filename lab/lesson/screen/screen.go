// Package screen is the terminal in front of a reader: how large it is, whether it has colours, what
// is typed into it, and what is shown of a long text before the reader wants more.
package screen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Screen shows text. It is made by New.
type Screen struct {
	// Colour says that text may have colours.
	Colour bool

	out   io.Writer
	file  *os.File // nil: no terminal
	moves bool     // the cursor can go back in its line
	lines int      // since the reader was last asked
	brief bool     // the cursor is behind a brief text
}

// New is a screen on what a program writes to. It has colours on a terminal, unless the environment has
// NO_COLOR or TERM=dumb.
func New(out io.Writer, getenv func(string) string) *Screen {
	s := &Screen{out: out}
	if !IsTerminal(out) {
		return s
	}
	s.file = out.(*os.File)
	s.moves = getenv("TERM") != "dumb" && getenv("TERM") != ""
	s.Colour = s.moves && getenv("NO_COLOR") == ""
	return s
}

// IsTerminal reports whether a person is at a stream. Other devices, such as /dev/null, are none.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && sizeOf(file) != nil
}

// Columns is how wide a terminal is; 0 if a stream is none, or does not tell.
func Columns(stream any) int {
	file, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	size := sizeOf(file)
	if size == nil {
		return 0
	}
	return int(size.Col)
}

// sizeOf is a terminal's; nil: it is none.
func sizeOf(file *os.File) *unix.Winsize {
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return nil
	}
	return size
}

// What a screen has that does not tell, and the widest text that is good to read.
const (
	standardWidth = 80
	widest        = 120
)

// Width is how many columns a text may have: the terminal's, as long as they are good to read.
func (s *Screen) Width() int {
	width, _ := s.size()
	return width
}

// size is the terminal's at this moment; height 0 is no limit.
func (s *Screen) size() (width, height int) {
	if s.file == nil {
		return standardWidth, 0
	}
	size := sizeOf(s.file)
	if size == nil || size.Col == 0 {
		return standardWidth, 0
	}
	return min(int(size.Col), widest), int(size.Row)
}

// Write shows text, and counts its lines.
func (s *Screen) Write(text []byte) (int, error) {
	s.Clear()
	s.lines += bytes.Count(text, []byte("\n"))
	return s.out.Write(text)
}

// Brief shows a text until the next one comes. Only a terminal has it.
func (s *Screen) Brief(text string) {
	if s.moves {
		fmt.Fprintf(s.out, "\r\x1b[K%s", text)
		s.brief = true
	}
}

// Clear takes a brief text away.
func (s *Screen) Clear() {
	if s.brief {
		fmt.Fprint(s.out, "\r\x1b[K")
		s.brief = false
	}
}

// Ask shows a question, and stays in its line: the reader has seen everything before it.
func (s *Screen) Ask(question string) {
	s.Clear()
	fmt.Fprint(s.out, question)
	s.lines = 0
}

// forget takes the line away in which the reader typed an answer.
func (s *Screen) forget() {
	if s.moves {
		fmt.Fprint(s.out, "\x1b[1A\r\x1b[K")
	}
}

// Pages shows lines, and asks with more before each that would move an unread one off the screen. As many
// of the first lines of a rest as together returns stay on one screen. The error is that of more.
func (s *Screen) Pages(ctx context.Context, lines []string, together func([]string) int,
	more func(context.Context) error,
) error {
	for i, line := range lines {
		_, height := s.size()
		last := s.lines + together(lines[i:]) - 1
		if height > 0 && s.lines > 0 && last >= max(1, height-2) {
			if err := more(ctx); err != nil {
				return err
			}
			s.forget()
		}
		fmt.Fprintln(s, line)
	}
	return nil
}
