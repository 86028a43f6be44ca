package tracing

import (
	"log/slog"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/text"
)

// complaints logs what the clients say of their backend, at most once a minute: they complain at
// every flush.
type complaints struct {
	log    *slog.Logger
	seldom accesslog.Seldom
}

// Error implements jaeger.Logger.
func (c *complaints) Error(msg string) {
	if c.seldom.Due() {
		c.log.Warn("tracing: "+text.Line(msg), "repeats", "at most once a minute")
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
