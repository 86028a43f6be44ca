//go:build unix

package supervise

import (
	"bufio"
	"errors"
	"io"
	"sync"
)

// maxLine is the longest line, in bytes, that is handed on in one piece.
const maxLine = 64 << 10

// output hands on the lines of both streams, one at a time.
type output struct {
	mu             sync.Mutex
	stdout, stderr io.Writer
}

// follow copies the lines of both streams; the channel it returns is closed at the end of both.
func (o *output) follow(stdout, stderr io.Reader) <-chan struct{} {
	var streams sync.WaitGroup
	streams.Go(func() { o.copy(o.stdout, stdout) })
	streams.Go(func() { o.copy(o.stderr, stderr) })
	ended := make(chan struct{})
	go func() {
		streams.Wait()
		close(ended)
	}()
	return ended
}

func (o *output) copy(dst io.Writer, src io.Reader) {
	in := bufio.NewReaderSize(src, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			o.write(dst, line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// write ignores a writer's errors: the program must not block on a pipe that nobody reads.
func (o *output) write(dst io.Writer, line []byte) {
	if line[len(line)-1] != '\n' {
		line = append(append([]byte{}, line...), '\n')
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = dst.Write(line)
}
