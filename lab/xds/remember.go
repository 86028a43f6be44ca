package xds

import (
	"maps"
	"reflect"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"istio-tutorial/lab/mesh"
)

// Builder builds one Snapshot after the other, and of each only what differs from the one before:
// a rule changes little of what all rules make. It is for one goroutine.
type Builder struct {
	config Config
	base   base
	pieces map[string]piece
	tables map[string]*routev3.RouteConfiguration
}

// NewBuilder returns a Builder that has built nothing yet.
func NewBuilder(cfg Config) *Builder { return &Builder{config: cfg} }

// base is what all pieces depend on.
type base struct {
	topology       mesh.Topology
	faults, locals int      // that a listener is prepared for
	headers        []string // that the access log shows
	explained      []string // that it has besides, for who explains a request
}

// piece is a part of a Snapshot, and what it was made of besides the base.
type piece struct{ of, made any }

// remember returns what was made of the same before, or else builds it. What failed is not
// remembered, so that it is said again.
func remember[T any](b *builder, key string, of any, build func() T) T {
	if known, ok := b.before[key]; ok && reflect.DeepEqual(known.of, of) {
		b.pieces[key] = known
		return known.made.(T)
	}
	failures := len(b.errs)
	made := build()
	if len(b.errs) == failures {
		b.pieces[key] = piece{of, made}
	}
	return made
}

// part remembers also the resources that build adds; it returns hosts, if it makes any.
func (b *builder) part(key string, of any, build func() []*routev3.VirtualHost) []*routev3.VirtualHost {
	type added struct {
		Snapshot
		hosts []*routev3.VirtualHost
	}
	all := b.snapshot
	made := remember(b, key, of, func() added {
		b.snapshot = newSnapshot()
		hosts := build()
		return added{b.snapshot, hosts}
	})
	b.snapshot = all
	for k := range Kinds {
		maps.Copy(all.Resources[k], made.Resources[k])
	}
	maps.Copy(all.Limits, made.Limits)
	return made.hosts
}

// same is the table that was built before, if nothing in it differs, or else has those of its
// hosts.
func (b *builder) same(table *routev3.RouteConfiguration) *routev3.RouteConfiguration {
	before := b.tables[table.Name]
	if before == nil {
		return table
	}
	for i, h := range table.VirtualHosts {
		if i < len(before.VirtualHosts) && sameHost(before.VirtualHosts[i], h) {
			table.VirtualHosts[i] = before.VirtualHosts[i]
		}
	}
	if slices.Equal(before.VirtualHosts, table.VirtualHosts) {
		return before
	}
	return table
}

// sameHost reports whether two hosts have the same remembered routes.
func sameHost(a, b *routev3.VirtualHost) bool {
	return a == b || a.Name == b.Name && slices.Equal(a.Domains, b.Domains) &&
		slices.Equal(a.Routes, b.Routes) &&
		slices.Equal(a.RequestHeadersToRemove, b.RequestHeadersToRemove)
}
