package control

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/xds"
)

func (l *lab) stats(ctx context.Context, q StatsQuery) ([]Stat, error) {
	filter, err := regexp.Compile(q.Filter)
	if err != nil {
		return nil, objects.Errorf(Invalid, "filter: %v", err)
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
	var list []Stat
	for _, s := range all {
		owner, name, owned := xds.SplitStat(s.Name)
		switch {
		case pod == nil:
			name = s.Name
		case !owned || owner != *pod:
			continue
		}
		if filter.MatchString(name) {
			list = append(list, Stat{Name: name, Value: s.Value})
		}
	}
	slices.SortStableFunc(list, func(a, b Stat) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}
