package tracing

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// complaintsEvery keeps a missing backend from filling the log: the clients complain at
// every flush.
const complaintsEvery = time.Minute

// complaints logs what the clients say of their backend, at most once a minute.
type complaints struct {
	log  *slog.Logger
	mu   sync.Mutex
	last time.Time
}

// Error implements jaeger.Logger.
func (c *complaints) Error(msg string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.last.IsZero() || now.Sub(c.last) >= complaintsEvery {
		c.last = now
		c.log.Warn("tracing: "+strings.TrimSpace(msg), "repeats", "at most once a minute")
	}
}

// Infof implements jaeger.Logger.
func (c *complaints) Infof(string, ...any) {}

// Debugf implements the interface of the Jaeger client's inner logger.
func (c *complaints) Debugf(string, ...any) {}

// Write implements io.Writer for Zipkin's logger.
func (c *complaints) Write(line []byte) (int, error) {
	c.Error(string(line))
	return len(line), nil
}
