package classic

import (
	"cmp"
	"slices"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// Codes of the findings; istioctl of 2018 had none.
const (
	NoService  rules.Code = "no-service"   // there is no service, or host, of the name
	NoHTTPPort rules.Code = "no-http-port" // the service has no port that is known to speak HTTP
	NoClient   rules.Code = "no-client"    // there is no pod that the rule is for
	Shadowed   rules.Code = "shadowed"     // another rule acts first, always
	NoRoute    rules.Code = "no-route"     // no route leads to what a policy is for
	NoPods     rules.Code = "no-pods"      // some requests are answered with 503: nobody is there
	NoMirror   rules.Code = "no-mirror"    // nobody gets the mirrored requests
	NoEffect   rules.Code = "no-effect"    // a field asks for nothing, or too little
	Inert      rules.Code = "inert"        // a field does nothing in 2018, and something today
	Ambiguous  rules.Code = "ambiguous"    // a condition is stated in two ways
	Unsent     rules.Code = "unsent"       // nobody sends the header that a condition is about
	NoAction   rules.Code = "no-action"    // a rule of Mixer, or a part of it, does nothing
	NoMatch    rules.Code = "no-match"     // a rule of Mixer matches no call
	NoQuota    rules.Code = "no-quota"     // nothing is charged, or nothing allows it
	Unused     rules.Code = "unused"       // no rule names it
)

// Findings are what a reader should know about the rules in force, in the order of their keys;
// each text begins with the rule's name.
func Findings(s rules.Set, t mesh.Topology) []rules.Finding {
	r := newResolver(s, t)
	i := inspector{resolver: r}
	for _, w := range t.Workloads {
		p := r.plan(w)
		i.plans = append(i.plans, p)
		i.outbounds = append(i.outbounds, r.outbound(p))
	}
	kinds := table()
	return rules.Findings(s, func(rule *rules.Rule) []rules.Finding {
		name := rule.Key.Name
		if rule.Kind.Type == rule.Kind.Kind { // Mixer's names say too little by themselves
			name = rule.Kind.Type + " " + name
		}
		found := kinds.Inspect(i, rule)
		for n := range found {
			found[n].Text = name + " " + found[n].Text
		}
		return found
	})
}

type inspector struct {
	*resolver
	plans     []plan
	outbounds []mesh.Outbound // of the same clients
}

// notes are findings about one rule, each of which begins after its name.
type notes []rules.Finding

func (n *notes) add(code rules.Code, format string, args ...any) {
	*n = append(*n, rules.Warn("", code, format, args...))
}

func never(code rules.Code, format string, args ...any) []rules.Finding {
	return []rules.Finding{rules.Warn("", code, "never acts: "+format, args...)}
}

// unreachable is why no client's call can be meant by a rule for a destination from a source.
func (i inspector) unreachable(r *rules.Rule, destination, source *reference) []rules.Finding {
	host := destination.host(r.Key.Namespace)
	if _, ok := i.topology.ServiceAt(host); !i.known(host) && ok {
		return never(NoHTTPPort, "no port of %s is named http, http-…, http2 or grpc", host)
	}
	if !i.known(host) {
		return never(NoService, "there is no service %s", host)
	}
	for _, p := range i.plans {
		if i.isFrom(p.client, r, source) {
			return nil
		}
	}
	if source == nil {
		return never(NoClient, "there is no pod that could call %s", destination.short())
	}
	from := source.host(r.Key.Namespace)
	if len(source.Labels) > 0 {
		return never(NoClient, "there is no pod of %s with %s", from, mesh.Labels(source.Labels))
	}
	return never(NoClient, "there is no pod of %s", from)
}

// known reports whether clients have routes for a host.
func (i inspector) known(host string) bool {
	return len(i.plans) == 0 || slices.ContainsFunc(i.plans[0].hosts, func(h plannedHost) bool {
		return h.host == host
	})
}

func (r *reference) short() string { return cmp.Or(r.Name, r.Service) }
