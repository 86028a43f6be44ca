package v1

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/rules"
)

// unreachable warns of routes that no request reaches, in istioctl's words.
func (v *validator) unreachable(routes []*networking.HTTPRoute) {
	var before []reach
	everything := false
	for i, r := range routes {
		switch {
		case len(r.Match) == 0 && everything:
			v.unused(routes, i, "only the last rule can have no matches")
		case everything:
			v.unused(routes, i, "route without matches defined before")
		case len(r.Match) == 0:
			everything = true
		default:
			before = v.repeated(routes, i, before)
		}
	}
	v.covered(before)
}

// reach is which requests a match of a route meets.
type reach struct {
	route     int
	routeName string
	name      string // of the match
	path      string
	match     *networking.HTTPMatchRequest // without its name
}

func reachOf(routes []*networking.HTTPRoute, i, j int) reach {
	m := proto.CloneOf(routes[i].Match[j])
	m.Name = ""
	return reach{
		route: i, routeName: routeName(routes[i], i), name: quotedOr(routes[i].Match[j].Name, j),
		path: rules.At(rules.At("spec.http", i)+".match", j), match: m,
	}
}

// repeated finds matches that were there before, and returns those before and the new ones.
func (v *validator) repeated(routes []*networking.HTTPRoute, i int, before []reach) []reach {
	repeated := 0
	for j := range routes[i].Match {
		now := reachOf(routes, i, j)
		first := slices.IndexFunc(before, func(b reach) bool { return proto.Equal(b.match, now.match) })
		if first < 0 {
			before = append(before, now)
			continue
		}
		repeated++
		v.ineffective(now.path, now.routeName, now.name, before[first].routeName)
	}
	if repeated == len(routes[i].Match) {
		v.unused(routes, i, "all matches used by prior rules")
	}
	return before
}

// covered finds prefixes below a prefix that was there before, on no more conditions.
func (v *validator) covered(all []reach) {
	prefixes := slices.DeleteFunc(all, func(r reach) bool { return r.match.Uri.GetPrefix() == "" })
	for i, first := range prefixes {
		for _, later := range prefixes[i+1:] {
			if first.prefix() != later.prefix() && first.covers(later) {
				v.ineffective(later.path, later.routeName, later.name+" of prefix "+later.prefix(),
					first.name+" of prefix "+first.prefix()+" on "+first.routeName)
			}
		}
	}
}

func (r reach) prefix() string { return r.match.Uri.GetPrefix() }

// covers compares as istioctl does, which takes a match without a method for one of GET, and a
// regular expression for nothing at all.
func (r reach) covers(later reach) bool {
	const usual = "exact GET"
	a, b := r.match, later.match
	return strings.HasPrefix(b.Uri.GetPrefix(), a.Uri.GetPrefix()) && a.Port == b.Port &&
		strings.HasPrefix(literal(a.Method, usual), literal(b.Method, usual)) &&
		strings.HasPrefix(literal(a.Authority, ""), literal(b.Authority, "")) &&
		eachCovers(a.Headers, b.Headers) && eachCovers(a.QueryParams, b.QueryParams) &&
		eachCovers(a.WithoutHeaders, b.WithoutHeaders)
}

func eachCovers(a, b map[string]*networking.StringMatch) bool {
	return maps.EqualFunc(a, b, func(x, y *networking.StringMatch) bool {
		return strings.HasPrefix(literal(x, ""), literal(y, ""))
	})
}

// literal is how and to what a match compares, or otherwise, if that is no literal.
func literal(m *networking.StringMatch, otherwise string) string {
	switch {
	case m.GetExact() != "":
		return "exact " + m.GetExact()
	case m.GetPrefix() != "":
		return "prefix " + m.GetPrefix()
	default:
		return otherwise
	}
}

func (v *validator) ineffective(path, route, match, before string) {
	v.Warn(path, rules.IneffectiveMatch,
		"VirtualService rule %s match %s is not used (duplicate/overlapping match in rule %s).",
		route, match, before)
	v.Warnings[len(v.Warnings)-1].Level = rules.Info
}

func (v *validator) unused(routes []*networking.HTTPRoute, i int, reason string) {
	v.unusedAt(rules.At("spec.http", i), routeName(routes[i], i), reason)
}

func (v *validator) unusedAt(path, route, reason string) {
	v.Warn(path, rules.UnreachableRule, "VirtualService rule %s not used (%s).", route, reason)
}

func routeName(r *networking.HTTPRoute, i int) string { return quotedOr(r.Name, i) }

func quotedOr(name string, i int) string {
	if name == "" {
		return "#" + strconv.Itoa(i)
	}
	return fmt.Sprintf("%q", name)
}
