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
	built
	had Resources // the secrets
}

// Has reports whether Envoy has the secrets of a door by the last Snapshot, be they of the mesh or from before.
func (r *Builder) Has(d mesh.SecureDoor) bool {
	return (&builder{had: r.had}).opens(d)
}

// NewBuilder returns a Builder that has built nothing yet.
func NewBuilder(cfg Config) *Builder { return &Builder{config: cfg} }

// base is what all pieces depend on.
type base struct {
	topology       mesh.Topology
	faults, locals int                   // that a listener is prepared for
	headers        []string              // that the access log shows
	authentication []mesh.Authentication // of the sidecars
	insisting      insisting
	explained      []string // that it has besides, for who explains a request
}

// built is what was built, by what it was made of.
type built struct {
	pieces map[string]piece
	known  map[hostKey]builtHost
	tables map[string]*routev3.RouteConfiguration
}

// piece is a part of a Snapshot, what it was made of besides the base, and the pieces in it.
type piece struct {
	of, made any
	inner    map[string]piece
}

// remember returns what was made of the same before, or else builds it. What failed is not
// remembered, so that it is said again.
func remember[T any](b *builder, key string, of any, build func() T) T {
	known, ok := b.before.pieces[key]
	if ok && reflect.DeepEqual(known.of, of) {
		b.pieces[key] = known
		return known.made.(T)
	}
	before, pieces := b.before.pieces, b.pieces
	b.before.pieces, b.pieces = known.inner, map[string]piece{}
	failures := b.Failures()
	made := build()
	if b.Failures() == failures {
		pieces[key] = piece{of, made, b.pieces}
	}
	b.before.pieces, b.pieces = before, pieces
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

// hostKey names a virtual host of a client.
type hostKey struct {
	client mesh.Name
	name   string // the first one
	port   int
	table  string

	proxyDefaults mesh.ProxyDefaults
}

// builtHost is a virtual host, and what it was made of.
type builtHost struct {
	of      mesh.VirtualHost
	hashes  [][]mesh.Hash // of the destinations of each route
	domains []string
	routes  [][]*routev3.Route // of each route
	made    *routev3.VirtualHost
}

// isOf reports whether the host was made of the very same routes, and of nothing else.
func (h builtHost) isOf(routes []mesh.Route) bool {
	before := h.of.Routes
	hashed := slices.ContainsFunc(h.hashes, func(list []mesh.Hash) bool { return len(list) > 0 })
	return !hashed && h.made != nil && h.of.Unread == nil && len(before) == len(routes) && (len(routes) == 0 || &before[0] == &routes[0])
}

// route is what was made of an equal route in the same place; nil if nothing was.
func (h builtHost) route(i int, r *mesh.Route, hashes []mesh.Hash) []*routev3.Route {
	if i >= len(h.routes) || !reflect.DeepEqual(&h.of.Routes[i], r) || !reflect.DeepEqual(h.hashes[i], hashes) {
		return nil
	}
	return h.routes[i]
}

// same is the host that was made before, if it says the same.
func (h builtHost) same(now *routev3.VirtualHost) *routev3.VirtualHost {
	before := h.made
	if before == nil || !slices.Equal(before.Domains, now.Domains) || !slices.Equal(before.Routes, now.Routes) ||
		before.RequireTls != now.RequireTls {
		return now
	}
	return before
}

// same is the table that was built before, if it has the same hosts.
func (b *builder) same(table *routev3.RouteConfiguration) *routev3.RouteConfiguration {
	before := b.before.tables[table.Name]
	if before == nil || !slices.Equal(before.VirtualHosts, table.VirtualHosts) {
		return table
	}
	return before
}
