package main

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service"
	"istio-tutorial/service/setting"
)

func program() service.Program {
	var c config
	return service.Program{
		Name:    "recommendation",
		About:   "answers with its version, its host and a count",
		Declare: c.declare,
		Routes: func(r chi.Router, f service.Frame) {
			(&recommender{config: c, log: f.Log}).routes(r)
		},
		Command: command,
		Help: `  recommendation misbehave      have the running one answer 503
  recommendation behave         end that
  recommendation timeout 3s     have it wait before each answer; 0s ends that
`,
	}
}

// config is what the program is set to.
type config struct {
	version, host string
	delay         time.Duration
}

func (c *config) declare(s *setting.Set) {
	s.Add("VERSION", "v1", "the version it answers with", setting.String(&c.version))
	s.Add("TIMEOUT", "0s", "how long to wait before each answer to GET /; the tutorial has 3s",
		setting.Duration(&c.delay))
	s.Add("HOSTNAME", "unknown", "its host: a pod's name, shown without recommendation-vN-",
		func(v string) error {
			c.host = shortHost(v)
			return nil
		})
}

// shortHost leaves `6fc97476f8-m2ntp` of `recommendation-v1-6fc97476f8-m2ntp`.
func shortHost(name string) string {
	return regexp.MustCompile(`^recommendation-v\d+-`).ReplaceAllString(name, "")
}

// command finds what the running recommendation can be told.
func command(name string) (service.Command, bool) {
	switch name {
	case "misbehave", "behave":
		return service.Command{Method: http.MethodGet, Path: service.NoArguments("/" + name)}, true
	case "timeout":
		return service.Command{Method: http.MethodPut, Path: timeoutPath}, true
	}
	return service.Command{}, false
}

func timeoutPath(args []string) (string, error) {
	if len(args) != 1 {
		return "", errors.New("one duration is needed, such as 3s")
	}
	return "/timeout?d=" + url.QueryEscape(args[0]), nil
}
