package xds

import (
	"maps"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
)

// Parts are the resources of a snapshot by kind and name, virtual hosts apart from their table.
func (s Snapshot) Parts() map[string]proto.Message {
	parts := map[string]proto.Message{}
	for k, word := range [kinds]string{"cluster ", "endpoints ", "listener ", "routes "} {
		for name, m := range s.resources[k] {
			if table, ok := m.(*routev3.RouteConfiguration); ok {
				table = proto.CloneOf(table)
				for _, v := range table.VirtualHosts {
					parts[word+name+" host "+v.Name] = v
				}
				table.VirtualHosts = nil
				m = table
			}
			parts[word+name] = m
		}
	}
	return parts
}

// Limits are the rate limits that Envoy may ask for, as text.
func (s Snapshot) Limits() map[string]any {
	limits := map[string]any{}
	for name, l := range maps.All(s.limits) {
		limits["limit "+name] = map[string]any{
			"bucket": l.Bucket, "tokens": l.Tokens, "interval": l.Interval.String(), "answer": l.Answer,
		}
	}
	return limits
}
