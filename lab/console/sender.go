package console

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// sent is the answer to a request, which is known again by the address that it came from.
type sent struct {
	text string
	at   time.Time
}

// sender sends what the page asks for, one thing at a time.
type sender struct {
	life context.Context // ends what is under way

	mu    sync.Mutex
	now   *Sending           // nil: nothing was sent yet
	end   context.CancelFunc // begins nothing more
	runs  sync.WaitGroup
	texts map[string]sent
	order []string // the addresses, the oldest first
}

// begin sends from now on, in place of what is sent already.
func (s *sender) begin(what Sending, header http.Header, ingress string) {
	s.stop()
	ctx, cancel := context.WithCancel(s.life)
	now := &what
	now.On, now.Done, now.Error = true, 0, ""
	s.mu.Lock()
	s.now, s.end = now, cancel
	s.mu.Unlock()
	s.runs.Go(func() {
		defer cancel()
		s.run(ctx, now, header, ingress+what.Path)
		s.update(func() { now.On = false })
	})
}

// run has workers send at each tick, no more than may be under way.
func (s *sender) run(ctx context.Context, now *Sending, header http.Header, url string) {
	rate, most, count := now.Rate, now.AtOnce, now.Count
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	free := make(chan struct{}, most)
	for begun := 0; count == 0 || begun < count; begun++ {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		s.runs.Go(func() {
			_, err := s.one(s.life, url, header)
			s.update(func() {
				now.Done, now.Error = now.Done+1, ""
				if err != nil {
					now.Error = err.Error()
				}
			})
			<-free
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	for range most { // the last ones are answered
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

func (s *sender) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// stop begins nothing more; what is under way gets its answers.
func (s *sender) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		s.end()
		s.now.On = false
	}
}

func (s *sender) state() *Sending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return nil
	}
	now := *s.now
	return &now
}

// one sends a request, by a connection of its own, and returns the address that it came from.
func (s *sender) one(ctx context.Context, url string, header http.Header) (from string, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { from = c.Conn.LocalAddr().String() }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, url, nil)
	if err != nil {
		return "", misuse{err}
	}
	req.Header, req.Host = header, header.Get("Host")
	client := &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true, DisableCompression: true, DialContext: (&net.Dialer{}).DialContext,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	text := firstLine(string(data))
	if text == "" {
		text = fmt.Sprintf("(status %d without text)", resp.StatusCode)
	}
	s.remember(from, text)
	return from, nil
}

// mostTexts is more than the page shows.
const mostTexts = 500

func (s *sender) remember(from, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.texts[from]; !ok {
		s.order = append(s.order, from)
	}
	s.texts[from] = sent{text, time.Now()}
	if len(s.order) > mostTexts {
		delete(s.texts, s.order[0])
		s.order = s.order[1:]
	}
}

// text is the answer to the request that came from an address and began then.
func (s *sender) text(from string, began time.Time) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.texts[from]
	if !ok || one.at.Before(began) || one.at.Sub(began) > sendWithin {
		return "", false
	}
	return one.text, true
}
