package xds

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
)

// Parts are the resources of a snapshot by kind and name, virtual hosts apart from their table.
func (s Snapshot) Parts() map[string]proto.Message {
	parts := map[string]proto.Message{}
	for k, word := range [Kinds]string{"cluster ", "endpoints ", "secret ", "listener ", "routes ", "filter "} {
		for name, m := range s.Resources[k] {
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
