package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"istio-tutorial/lab/lesson/prose"
	"istio-tutorial/lab/lesson/screen"
)

// fitted is where lines for a reader go: in a terminal they are folded to its width, and elsewhere they stay
// as they are, for grep and awk.
func (a *app) fitted() io.Writer { return fit(a.stdout, screen.Columns(a.process.stdout)) }

func fit(to io.Writer, width int) io.Writer {
	if width == 0 {
		return to
	}
	return &folded{to: to, folder: prose.Folder{Width: width}}
}

// folded folds the lines that are written to it, once they are whole.
type folded struct {
	to     io.Writer
	folder prose.Folder
	begun  []byte // of a line
}

func (f *folded) Write(text []byte) (int, error) {
	f.begun = append(f.begun, text...)
	for {
		line, rest, whole := bytes.Cut(f.begun, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		f.begun = rest
		if _, err := fmt.Fprintln(f.to, strings.Join(f.folder.Fold(string(line)), "\n")); err != nil {
			return 0, err
		}
	}
}

// tell says a message to a person at stderr: in a terminal in as many lines as it needs.
func (a *app) tell(message string) {
	const further = "  "
	if width := screen.Columns(a.stderr); width > len(further) && prose.Width(message) > width {
		message = strings.Join(prose.Wrap(message, width-len(further)), "\n"+further)
	}
	fmt.Fprintln(a.stderr, message)
}

// advise says what to type. A terminal shows that in a line of its own where it would be broken.
func (a *app) advise(why, typed string) {
	if width := screen.Columns(a.stderr); width > 0 && prose.Width(why+" "+typed) > width {
		a.tell(why)
		fmt.Fprintln(a.stderr, "  "+typed)
		return
	}
	fmt.Fprintln(a.stderr, why, typed)
}
