package stream

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	"istio-tutorial/lab/xds"
)

// packed is a resource as it is sent: an empty message, whose unknown fields are all that the
// resource says. So the cache has nothing left to encode, however often it sends the resource.
type packed struct {
	*emptypb.Empty
	name  string
	parts parts
}

// GetName is what the cache knows the resource by.
func (p packed) GetName() string { return p.name }

// parts are the hosts and routes of a table as they are sent.
type parts map[proto.Message][]byte

// pack encodes resources, except for what was encoded before: one change of a rule leaves most of
// a table as it was.
func pack(items, before xds.Resources, ready map[string]types.ResourceWithTTL) (
	map[string]types.ResourceWithTTL, error,
) {
	all := make(map[string]types.ResourceWithTTL, len(items))
	for name, m := range items {
		known, isKnown := ready[name]
		if isKnown && before[name] == m {
			all[name] = known
			continue
		}
		e := encoder{now: parts{}}
		if isKnown {
			e.before = known.Resource.(packed).parts
		}
		p := packed{&emptypb.Empty{}, name, e.now}
		p.ProtoReflect().SetUnknown(e.resource(m))
		if e.err != nil {
			return nil, e.err
		}
		all[name] = types.ResourceWithTTL{Resource: p}
	}
	return all, nil
}

// encoder encodes one resource.
type encoder struct {
	before, now parts
	err         error
}

func (e *encoder) resource(m proto.Message) []byte {
	table, ok := m.(*routev3.RouteConfiguration)
	if !ok {
		return e.encode(m)
	}
	return encodeList(e, table, "virtual_hosts", table.VirtualHosts, e.host)
}

func (e *encoder) host(h *routev3.VirtualHost) []byte {
	if known, ok := e.before[h]; ok {
		for _, r := range h.Routes {
			e.now[r] = e.before[r]
		}
		e.now[h] = known
		return known
	}
	e.now[h] = encodeList(e, h, "routes", h.Routes, e.route)
	return e.now[h]
}

func (e *encoder) route(r *routev3.Route) []byte {
	known, ok := e.before[r]
	if !ok {
		known = e.encode(r)
	}
	e.now[r] = known
	return known
}

func (e *encoder) encode(m proto.Message) []byte {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		e.err = err
	}
	return raw
}

// encodeList encodes a message whose one list is encoded item by item.
func encodeList[M proto.Message](
	e *encoder, m proto.Message, list protoreflect.Name, items []M, encode func(M) []byte,
) []byte {
	from := m.ProtoReflect()
	field := from.Descriptor().Fields().ByName(list)
	own := from.New()
	from.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f != field {
			own.Set(f, v)
		}
		return true
	})
	raw := e.encode(own.Interface())
	for _, item := range items {
		raw = protowire.AppendTag(raw, field.Number(), protowire.BytesType)
		raw = protowire.AppendBytes(raw, encode(item))
	}
	return raw
}
