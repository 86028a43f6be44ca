package v1

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// The only shapes of an EnvoyFilter that the lab knows: Envoy's local rate limit before the router,
// and, of a workload's inbound calls, its tokens at a port's routes.
const (
	limitFilter = "envoy.filters.http.local_ratelimit"
	limitType   = "type.googleapis.com/" +
		"envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
	routerFilter = "envoy.filters.http.router"
	httpFilter   = "envoy.filters.network.http_connection_manager"
)

const internalsWarning = "Schema validation warning: EnvoyFilter exposes internal implementation " +
	"details that may change at any time. Prefer other APIs if possible, and exercise " +
	"extreme caution, especially around upgrades."

// limitPatch is a patch's limit.
type limitPatch struct {
	localLimit
	actions []limitActions // of the route
}

func (v *validator) envoyFilter(f *networking.EnvoyFilter) {
	v.Warn("", rules.SchemaWarning, "%s", internalsWarning)
	v.operations(f)
	v.matchLabels("spec.workloadSelector.labels", f.GetWorkloadSelector().GetLabels())
	for i, p := range f.ConfigPatches {
		path := rules.At("spec.configPatches", i)
		v.patchPlace(path, p)
		if len(v.Errs) == 0 {
			v.patchValue(path+".patch.value", p)
		}
	}
}

type envoyPatch = networking.EnvoyFilter_EnvoyConfigObjectPatch

func (v *validator) patchPlace(path string, p *envoyPatch) {
	only := func(field, have string, want ...string) {
		if !slices.Contains(want, have) {
			v.Fail(path+"."+field, "%s instead of %s: not supported by the lab", cmp.Or(have, "nothing"),
				strings.Join(want, " or "))
		}
	}
	only("applyTo", p.ApplyTo.String(), "HTTP_FILTER", "HTTP_ROUTE")
	only("match.context", p.GetMatch().GetContext().String(), contexts(p)...)
	known := []string{"context", "route_configuration", "name", "port_number", "vhost", "route", "action"}
	if isRoute(p) {
		only("patch.operation", p.GetPatch().GetOperation().String(), "MERGE")
	} else {
		known = []string{"context", "listener", "filter_chain", "filter", "name", "sub_filter"}
		filter := p.GetMatch().GetListener().GetFilterChain().GetFilter()
		only("match.listener.filterChain.filter.name", filter.GetName(), httpFilter)
		// Without one, Istio inserts it before the first of the filters.
		if name := filter.GetSubFilter().GetName(); name != "" {
			only("match.listener.filterChain.filter.subFilter.name", name, routerFilter)
		}
		only("patch.operation", p.GetPatch().GetOperation().String(), "INSERT_BEFORE", "INSERT_FIRST")
	}
	if field := furtherField(p.GetMatch().ProtoReflect(), known); field != "" {
		v.Fail(path+".match."+field, "%w", rules.ErrUnsupported)
	}
	if p.GetPatch().GetFilterClass() != networking.EnvoyFilter_Patch_UNSPECIFIED {
		v.Fail(path+".patch.filterClass", "%w", rules.ErrUnsupported)
	}
}

func isRoute(p *envoyPatch) bool { return p.ApplyTo == networking.EnvoyFilter_HTTP_ROUTE }

// furtherField is the path of a field that is set, and not known by its name; "" for none.
func furtherField(m protoreflect.Message, known []string) string {
	var found []string
	m.Range(func(f protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case !slices.Contains(known, string(f.Name())):
			found = append(found, f.JSONName())
		case f.Kind() == protoreflect.MessageKind && !f.IsList() && !f.IsMap():
			if below := furtherField(value.Message(), known); below != "" {
				found = append(found, f.JSONName()+"."+below)
			}
		}
		return true
	})
	slices.Sort(found)
	return slices.Concat(found, []string{""})[0]
}

func (v *validator) patchValue(path string, p *envoyPatch) {
	patch, place, err := patchOf(p)
	switch {
	case err != nil:
		v.Fail(path+place, "%w", err)
	case isRoute(p) && patch.Bucket == nil:
		v.Fail(path+place+".token_bucket", "missing")
	default:
		v.limit(path+place, patch.localLimit)
		v.limitActions(path+".route.rate_limits", patch.actions)
	}
}

// patchOf is a patch's limit, and its place in the value.
func patchOf(p *envoyPatch) (patch limitPatch, place string, err error) {
	fields := p.GetPatch().GetValue().GetFields()
	if isRoute(p) {
		return routePatch(p)
	}
	for _, name := range sortedKeys(fields) {
		if name != "name" && name != "typed_config" {
			return patch, "." + name, rules.ErrUnsupported
		}
	}
	if name := fields["name"].GetStringValue(); name != limitFilter {
		return patch, ".name", fmt.Errorf("%q: %w; want %s", name, rules.ErrUnsupported, limitFilter)
	}
	err = decode(untyped(fields["typed_config"].GetStructValue()), &patch.localLimit)
	return patch, ".typed_config", err
}

func routePatch(p *envoyPatch) (patch limitPatch, place string, err error) {
	var value struct {
		Route struct {
			Limits []limitActions `json:"rate_limits"`
		} `json:"route"`
		Filters map[string]any `json:"typed_per_filter_config"`
	}
	if err := decode(p.GetPatch().GetValue(), &value); err != nil {
		return patch, "", err
	}
	const filters = ".typed_per_filter_config"
	for _, name := range sortedKeys(value.Filters) {
		if name != limitFilter {
			return patch, document.Join(filters, name), fmt.Errorf("%w; want %s", rules.ErrUnsupported, limitFilter)
		}
	}
	config := p.GetPatch().GetValue().GetFields()["typed_per_filter_config"].GetStructValue()
	err = decode(untyped(config.GetFields()[limitFilter].GetStructValue()), &patch.localLimit)
	patch.actions = value.Route.Limits
	return patch, document.Join(filters, limitFilter), err
}

// routePort is the port of the server's services whose route is patched: 0 for all, -1 for none.
func routePort(p *envoyPatch) int {
	table := p.GetMatch().GetRouteConfiguration()
	port := 0
	for _, where := range []struct{ name, before, after string }{
		{table.GetVhost().GetName(), "inbound|http|", ""}, {table.GetName(), "inbound|", "||"},
		{strconv.Itoa(int(table.GetPortNumber())), "", ""},
	} {
		text, isInbound := strings.CutPrefix(where.name, where.before)
		number, err := strconv.Atoi(strings.TrimSuffix(text, where.after))
		switch {
		case where.name == "" || where.name == "0":
		case !isInbound || err != nil || port != 0 && port != number:
			return -1
		default:
			port = number
		}
	}
	if !isDefaultRoute(table.GetVhost().GetRoute()) {
		return -1
	}
	return port
}

// isDefaultRoute reports whether the only route of a port, which leads to the program, is meant.
func isDefaultRoute(m *networking.EnvoyFilter_RouteConfigurationMatch_RouteMatch) bool {
	const anyAction, toProgram = networking.EnvoyFilter_RouteConfigurationMatch_RouteMatch_ANY,
		networking.EnvoyFilter_RouteConfigurationMatch_RouteMatch_ROUTE
	return (m.GetAction() == anyAction || m.GetAction() == toProgram) &&
		(m.GetName() == "" || m.GetName() == "default")
}

// limits are those of a workload; each of its instances has tokens of its own. What routes have
// counts in place of what the filter has, the last of a port.
func (r *resolver) limits(server mesh.Workload) []mesh.RateLimit {
	var list []mesh.RateLimit
	isInserted := false
	byPort := map[int]mesh.RateLimit{}
	for _, f := range r.filters {
		if !selects(f.Rule, f.Spec.GetWorkloadSelector().GetLabels(), server) {
			continue
		}
		for _, p := range f.Spec.ConfigPatches {
			patch, _, err := patchOf(p)
			if err != nil || p.GetMatch().GetContext() != arriving {
				continue // it was refused when it was read, or is for other calls
			}
			limit := r.limitOf(f, patch)
			if isInserted = isInserted || !isRoute(p); !isRoute(p) && limit.Tokens > 0 {
				list = append(list, limit)
			}
			for _, port := range r.routePorts(p, server) {
				limit.Port = port
				byPort[port] = limit
			}
		}
	}
	if !isInserted {
		return nil
	}
	for _, port := range sortedPorts(byPort) {
		list = append(list, byPort[port])
	}
	return list
}

func sortedPorts(byPort map[int]mesh.RateLimit) []int {
	var ports []int
	for port := range byPort {
		ports = append(ports, port)
	}
	slices.Sort(ports)
	return ports
}

// routePorts are the ports of a server's services whose routes a patch is for.
func (r *resolver) routePorts(p *envoyPatch, server mesh.Workload) []int {
	if !isRoute(p) {
		return nil
	}
	var ports []int
	want := routePort(p)
	for _, s := range r.topology.ServicesOf(server) {
		for _, port := range s.Ports {
			if want == 0 || want == port.Number {
				ports = append(ports, port.Number)
			}
		}
	}
	return ports
}

func (r *resolver) limitOf(f envoyFilter, patch limitPatch) mesh.RateLimit {
	if patch.Bucket == nil {
		return mesh.RateLimit{}
	}
	limit := mesh.RateLimit{From: f.Key.Path(), Tokens: patch.Bucket.MaxTokens, Headers: patch.headers()}
	for _, c := range r.callers() {
		limit.Callers.Add(c.workload)
	}
	limit.Interval, _ = time.ParseDuration(patch.Bucket.FillInterval)
	limit.Answer.Body = "local_rate_limited"
	limit.Answer.Status, _ = patch.status()
	limit.LimitDetails = patch.details(patch.actions)
	return limit
}

func (i inspector) envoyFilterNotes(r envoyFilter) []rules.Finding {
	list := i.unreached(r)
	for n, p := range r.Spec.ConfigPatches {
		path := rules.At("spec.configPatches", n)
		if isRoute(p) {
			list = append(list, i.routePatchNotes(r, path, p)...)
		}
	}
	return list
}

// routePatchNotes are about tokens at routes that no filter looks at.
func (i inspector) routePatchNotes(r envoyFilter, path string, p *envoyPatch) []rules.Finding {
	isSelected, hasPort := false, false
	for _, w := range i.topology.Workloads {
		if selects(r.Rule, r.Spec.GetWorkloadSelector().GetLabels(), w) {
			isSelected = isSelected || len(i.limits(w)) > 0
			hasPort = hasPort || len(i.routePorts(p, w)) > 0
		}
	}
	switch {
	case !hasPort:
		return []rules.Finding{rules.Warn(path+".match", "", "never acts: no Service of these pods has such a "+
			"route; a port's is the default one of inbound|http|PORT")}
	case !isSelected:
		return []rules.Finding{rules.Warn(path, "", "never acts: no patch inserts the filter %s", limitFilter)}
	}
	return nil
}
