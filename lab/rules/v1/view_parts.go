package v1

import (
	"fmt"
	"strconv"

	"istio-tutorial/lab/mesh"
)

func directView(r *mesh.Response) *DirectView {
	if r == nil {
		return nil
	}
	return &DirectView{Status: r.Status, Body: orNull(r.Body)}
}

// headersView is nil for no change.
func headersView(h mesh.Headers) *HeadersView {
	view := HeadersView{Request: changeView(h.Request), Response: changeView(h.Response)}
	if view == (HeadersView{}) {
		return nil
	}
	return &view
}

func changeView(c mesh.HeaderChange) *HeaderChangeView {
	if len(c.Set)+len(c.Add)+len(c.Remove) == 0 {
		return nil
	}
	return (*HeaderChangeView)(&c)
}

func balanceView(p mesh.Policy) string {
	switch {
	case p.Balance == mesh.RoundRobin:
		return "round_robin"
	case p.Balance == mesh.Random:
		return "random"
	case p.Balance == mesh.ByHash && p.Hash.Maglev:
		return "maglev"
	case p.Balance == mesh.ByHash:
		return "ring_hash"
	default:
		return "least_request"
	}
}

// hashView is what is not Envoy's default.
func hashView(h *mesh.Hash) map[string]map[string]string {
	switch {
	case h == nil:
		return nil
	case h.Maglev:
		return map[string]map[string]string{"maglev_lb_config": {"table_size": strconv.Itoa(h.Table)}}
	case h.Ring > 0:
		return map[string]map[string]string{
			"ring_hash_lb_config": {"minimum_ring_size": strconv.Itoa(h.Ring)},
		}
	default:
		return nil
	}
}

// keysView is what makes requests alike; nothing, if no key is named.
func keysView(h *mesh.Hash) []map[string]any {
	one := func(key string, value map[string]any) []map[string]any {
		return []map[string]any{{key: value}}
	}
	switch {
	case h.Header != "":
		return one("header", map[string]any{"header_name": h.Header})
	case h.Query != "":
		return one("query_parameter", map[string]any{"name": h.Query})
	case h.Cookie != nil:
		cookie := map[string]any{"name": h.Cookie.Name}
		if h.Cookie.Lifetime != nil {
			cookie["ttl"] = fmt.Sprintf("%gs", h.Cookie.Lifetime.Seconds())
		}
		if h.Cookie.Path != "" {
			cookie["path"] = h.Cookie.Path
		}
		return one("cookie", cookie)
	case h.Connection && h.Address:
		return one("connection_properties", map[string]any{"source_ip": true})
	case h.Connection:
		return one("connection_properties", map[string]any{})
	default:
		return nil
	}
}
