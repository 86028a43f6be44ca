package inspect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/show"
	"istio-tutorial/lab/xds/naming"
)

// Stats are the counters of Envoy, by their names; of a pod's sidecar, without the pod in the names.
func (l *Lab) Stats(ctx context.Context, q control.StatsQuery) ([]control.Stat, error) {
	filter, err := regexp.Compile(q.Filter)
	if err != nil {
		return nil, objects.Errorf(objects.Invalid, "filter: %v", err)
	}
	var pod *mesh.Name
	if len(q.Args) > 0 {
		p, err := pick.Pod(l.Objects(), l.Pods.Pods(), q.Selection)
		if err != nil {
			return nil, err
		}
		pod = &p.Name
	}
	all, err := l.Proxy.Admin.Stats(ctx, "")
	if err != nil {
		return nil, err
	}
	var list []control.Stat
	for _, s := range all {
		owner, name, owned := naming.SplitStat(s.Name)
		switch {
		case pod == nil:
			name = s.Name
		case !owned || owner != *pod:
			continue
		}
		if filter.MatchString(name) {
			list = append(list, control.Stat{Name: name, Value: s.Value})
		}
	}
	slices.SortStableFunc(list, func(a, b control.Stat) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// ProxyConfig is a part of what Envoy has for a pod.
func (l *Lab) ProxyConfig(ctx context.Context, q control.ProxyQuery) (control.ProxyConfig, error) {
	if q.Part == "bootstrap" { // all sidecars' one
		data, err := l.Proxy.Bootstrap()
		return control.ProxyConfig{JSON: data}, err
	}
	part, err := show.FindPart(q.Part)
	if err != nil {
		return control.ProxyConfig{}, err
	}
	pod, err := pick.Pod(l.Objects(), l.Pods.Pods(), q.Selection)
	if err != nil {
		return control.ProxyConfig{}, err
	}
	if pod.Containers == 1 {
		return control.ProxyConfig{}, objects.Errorf(objects.Invalid, "pod %s has no sidecar", pod.Name.Name)
	}
	var data []byte
	if part.Resource == show.Endpoints {
		data, err = l.endpointsOf(ctx, pod.Name)
	} else {
		data, err = l.Proxy.Admin.Config(ctx, part.Resource, ".*@"+regexp.QuoteMeta(pod.Name.String())+"(-cacert)?")
	}
	if err != nil {
		return control.ProxyConfig{}, err
	}
	table, err := part.Table(pod.Name, data)
	return control.ProxyConfig{Table: table, JSON: data}, err
}

// endpointsOf are the clusters of a pod's sidecar, with the state of each endpoint, as Envoy's
// administration has those of all.
func (l *Lab) endpointsOf(ctx context.Context, pod mesh.Name) ([]byte, error) {
	data, err := l.Proxy.Admin.Get(ctx, "/clusters", url.Values{"format": {"json"}})
	if err != nil {
		return nil, err
	}
	var all struct {
		Statuses []json.RawMessage `json:"cluster_statuses"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("envoy: %w", err)
	}
	own := slices.DeleteFunc(all.Statuses, func(status json.RawMessage) bool {
		var c struct{ Name string }
		return json.Unmarshal(status, &c) != nil || !strings.HasSuffix(c.Name, "@"+pod.String())
	})
	return json.Marshal(map[string]any{"configs": own})
}
