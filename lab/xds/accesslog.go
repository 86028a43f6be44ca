package xds

import (
	"maps"
	"slices"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filelogv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/naming"
)

// loggedHeaders are those of requests that the access log shows: what counters need, and
// user-agent always, so that the usual counter changes no listener.
func loggedHeaders(m mesh.Mesh) []string {
	names := map[string]bool{"user-agent": true}
	for _, s := range m.Sidecars {
		for _, c := range s.Inbound.Counters {
			for _, l := range c.Labels {
				for _, t := range l.Terms {
					if t.Kind == mesh.RequestHeader {
						names[t.Value] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// secret are headers that are never logged, whoever looks at them.
func secret() []string {
	return []string{"authorization", "cookie", "proxy-authorization", "set-cookie"}
}

// explainedHeaders are those that the rules look at, so that their choices can be told later, and
// user-agent always, so that the usual rule changes no listener.
func explainedHeaders(m mesh.Mesh) []string {
	names := map[string]bool{"user-agent": true}
	look := func(conditions []mesh.Condition) {
		for _, c := range conditions {
			if c.Attribute == mesh.Header && !slices.Contains(secret(), c.Header) && c.Header != ":path" {
				names[c.Header] = true
			}
		}
	}
	for _, s := range m.Sidecars {
		eachMatch(s.Outbound, look)
		for _, d := range s.Inbound.Denials {
			look(d.When)
		}
		for _, l := range s.Inbound.Limits {
			for _, when := range l.When {
				look(when)
			}
		}
	}
	eachMatch(m.Gateway, look)
	return slices.Sorted(maps.Keys(names))
}

// eachMatch calls look with the conditions of routes, and with those of their faults.
func eachMatch(out mesh.Outbound, look func([]mesh.Condition)) {
	hosts := out.Hosts
	for _, d := range out.Secure {
		hosts = slices.Concat(hosts, d.Routed)
	}
	for _, h := range hosts {
		for _, r := range h.Routes {
			look(r.Match)
			for _, d := range r.Destinations {
				for _, f := range d.Faults {
					look(f.When)
				}
			}
		}
	}
}

// accessLog has a line for each request.
func (b *builder) accessLog(d door) []*accesslogv3.AccessLog {
	if b.cfg.AccessLog == "" {
		return nil
	}
	format := envoy.AccessFormat(naming.Short(d.owner), d.direction, b.headers)
	if !b.cfg.Unexplained {
		format = envoy.EntryFormat(naming.Short(d.owner), d.direction, b.headers, b.explained)
	}
	if d.takes != mesh.Never {
		envoy.AskPeer(format)
	}
	if d.encrypted {
		envoy.AskDoor(format)
	}
	return []*accesslogv3.AccessLog{b.logged(d, format)}
}

func (b *builder) logged(d door, fields map[string]any) *accesslogv3.AccessLog {
	format, err := structpb.NewStruct(fields)
	if err != nil {
		b.Fail("access log of %s: %w", d.name, err)
	}
	return &accesslogv3.AccessLog{
		Name: "envoy.access_loggers.file",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: b.Pack(&filelogv3.FileAccessLog{
			Path: b.cfg.AccessLog,
			AccessLogFormat: &filelogv3.FileAccessLog_LogFormat{
				LogFormat: &corev3.SubstitutionFormatString{
					Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: format},
				},
			},
		})},
	}
}

// router ends a chain of filters. That of a client has a line for each try that went wrong: the
// others are in the line of their request.
func (b *builder) router(d door) *routerv3.Router {
	if b.cfg.AccessLog == "" || b.cfg.Unexplained || d.direction != envoy.Outbound {
		return &routerv3.Router{}
	}
	log := b.logged(d, envoy.TryFormat(naming.Short(d.owner)))
	log.Filter = wentWrong()
	return &routerv3.Router{UpstreamLog: []*accesslogv3.AccessLog{log}}
}

// wentWrong is a status from 300 on, or any flag of Envoy's.
func wentWrong() *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_OrFilter{
		OrFilter: &accesslogv3.OrFilter{Filters: []*accesslogv3.AccessLogFilter{
			{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
				StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: &accesslogv3.ComparisonFilter{
					Op: accesslogv3.ComparisonFilter_GE,
					Value: &corev3.RuntimeUInt32{
						DefaultValue: 300, RuntimeKey: "lab.never_set",
					},
				}},
			}},
			{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
				ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{},
			}},
		}},
	}}
}
