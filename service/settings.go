package service

import (
	"time"

	"istio-tutorial/service/accesslog"
	"istio-tutorial/service/setting"
	"istio-tutorial/service/tracing"
)

// settings are those that every service has.
type settings struct {
	listen, metrics string // host:port; metrics is empty for none
	drain           time.Duration
	logFormat       string
	tracing         tracing.Settings
}

func (s *settings) declare(p Program, in Process) *setting.Set {
	format := accesslog.JSON
	if in.Terminal {
		format = accesslog.Text
	}
	set := setting.New(p.Name, in.Getenv)
	set.Add("LISTEN_ON", "8080", "port, or host:port, to serve on", setting.Address(&s.listen))
	set.Add("METRICS_ON", "9779", "port, or host:port, of Prometheus' /metrics; off for none",
		setting.AddressOrOff(&s.metrics))
	if p.Declare != nil {
		p.Declare(set)
	}
	set.Add("DRAIN", "2s", "how long to serve on, though not ready, once told to end",
		setting.Duration(&s.drain))
	set.Add("LOG_FORMAT", format, "text or json; text by default on a terminal only",
		setting.OneOf(&s.logFormat, accesslog.Text, accesslog.JSON))
	s.tracing.Declare(set, p.Name)
	return set
}
