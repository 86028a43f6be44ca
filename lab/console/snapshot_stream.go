package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// hub hands what is new to all who look. Each has one slot: what it did not take in time is replaced by
// a snapshot that has everything, so that nobody who is slow is waited for.
type hub struct {
	mu      sync.Mutex
	slots   map[chan []byte]bool // whether it has had everything
	latest  Snapshot
	arrived chan struct{} // a token when somebody begins to look
}

func newHub() hub {
	return hub{slots: map[chan []byte]bool{}, arrived: make(chan struct{}, 1)}
}

// mostClients bounds how many look at a time: a browser has one stream for all its tabs.
const mostClients = 32

// join begins to look; false where too many do.
func (h *hub) join() (slot chan []byte, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.slots) >= mostClients {
		return nil, false
	}
	slot = make(chan []byte, 1)
	h.slots[slot] = (h.latest.At > 0 || h.latest.Gone != "") && len(h.slots) > 0
	if h.slots[slot] {
		slot <- encoded(h.latest)
	}
	select {
	case h.arrived <- struct{}{}:
	default:
	}
	return slot, true
}

func (h *hub) leave(slot chan []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.slots, slot)
}

func (h *hub) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.slots) > 0
}

// await waits until somebody looks; false when ctx has ended.
func (h *hub) await(ctx context.Context) bool {
	for !h.watched() {
		select {
		case <-h.arrived:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// send puts what is new into each slot, or everything.
func (h *hub) send(news, all Snapshot) {
	some, whole := encoded(news), sync.OnceValue(func() []byte { return encoded(all) })
	h.mu.Lock()
	defer h.mu.Unlock()
	h.latest = all
	for slot, follows := range h.slots {
		select {
		case <-slot:
			follows = false
		default:
		}
		if follows {
			slot <- some
		} else {
			slot <- whole()
		}
		h.slots[slot] = true
	}
}

func encoded(s Snapshot) []byte {
	data, err := json.Marshal(s)
	if err != nil {
		return nil // it is plain data
	}
	return data
}

// patience is how long a client may take for a snapshot; then its stream is closed, and its browser
// comes again by itself.
const patience = 10 * time.Second

// events is the stream of snapshots.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	slot, ok := c.hub.join()
	if !ok {
		http.Error(w, "too many browsers look at this lab", http.StatusServiceUnavailable)
		return
	}
	defer c.hub.leave(slot)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	var event bytes.Buffer
	event.WriteString("retry: 1000\n\n")
	for {
		err := out.SetWriteDeadline(time.Now().Add(patience))
		if err == nil {
			_, err = event.WriteTo(w)
		}
		if err != nil || out.Flush() != nil {
			return
		}
		select {
		case data := <-slot:
			event.WriteString("data: ")
			event.Write(data)
			event.WriteString("\n\n")
		case <-r.Context().Done():
			return
		}
	}
}
