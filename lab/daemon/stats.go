package daemon

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/show"
	"istio-tutorial/lab/xds"
)

func (l *lab) stats(ctx context.Context, q control.StatsQuery) ([]control.Stat, error) {
	filter, err := regexp.Compile(q.Filter)
	if err != nil {
		return nil, objects.Errorf(objects.Invalid, "filter: %v", err)
	}
	var pod *mesh.Name
	if len(q.Args) > 0 {
		p, err := l.onePod(q.Selection)
		if err != nil {
			return nil, err
		}
		pod = &p.Name
	}
	all, err := l.proxy.admin.Stats(ctx, "")
	if err != nil {
		return nil, err
	}
	var list []control.Stat
	for _, s := range all {
		owner, name, owned := xds.SplitStat(s.Name)
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

// proxyConfig is a part of what Envoy has for a pod.
func (l *lab) proxyConfig(ctx context.Context, q control.ProxyQuery) (control.ProxyConfig, error) {
	part, err := show.FindPart(q.Part)
	if err != nil {
		return control.ProxyConfig{}, err
	}
	pod, err := l.onePod(q.Selection)
	if err != nil {
		return control.ProxyConfig{}, err
	}
	data, err := l.proxy.admin.Config(ctx, part.Resource, ".*@"+regexp.QuoteMeta(pod.Name.String()))
	if err != nil {
		return control.ProxyConfig{}, err
	}
	table, err := part.Table(pod.Name, data)
	return control.ProxyConfig{Table: table, JSON: data}, err
}
