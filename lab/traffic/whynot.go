package traffic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// Deciding is the call that decided the answer, also of a request that was read from JSON.
func (r *Request) Deciding() *Call {
	if r.Decisive != nil || len(r.Calls) == 0 {
		return r.Decisive
	}
	return r.Calls[0].decisive()
}

// Not tells what kept a request from a version, a subset or a workload; nothing if it was there.
func (r *Request) Not(of string) []string {
	var list []string
	for _, c := range r.All() {
		if slices.ContainsFunc(c.Tries, func(t *Try) bool { return isOf(t.To.Workload, of) }) {
			return nil
		}
		list = append(list, c.Keeps[of]...)
	}
	switch {
	case len(list) > 0:
		return list
	case len(r.Pods) > 0 && !slices.Contains(r.Pods, of):
		return []string{fmt.Sprintf("there is no %s among the pods; there is %s", of, strings.Join(r.Pods, ", "))}
	}
	return []string{fmt.Sprintf("none of its calls was of a host that has %s: %s", of, r.Words)}
}

// podsOf are the workloads of all pods of the mesh, and their versions.
func podsOf(m mesh.Mesh) []string {
	var list []string
	for _, i := range m.Instances {
		list = append(list, i.Workload.Name)
		if v := i.Labels["version"]; v != "" {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func isOf(workload, of string) bool {
	return workload == of || strings.HasSuffix(workload, "-"+of)
}

// keeps are, for each version, subset or workload that a call's host or a route of it has, what kept the call
// from it.
func (c *Call) keeps() map[string][]string {
	all := map[string][]string{}
	for _, service := range c.choice.Services() {
		for _, e := range c.at.Mesh.Endpoints(service) {
			name := e.Instance.Workload.Name
			if all[name] != nil || c.reached(name) {
				continue
			}
			reasons := c.kept(e.Instance)
			all[name] = reasons
			if v := e.Instance.Labels["version"]; v != "" {
				all[v] = reasons
			}
		}
	}
	return all
}

func (c *Call) reached(workload string) bool {
	return slices.ContainsFunc(c.Tries, func(t *Try) bool { return t.To.Workload == workload })
}

// kept is what kept a call from an instance.
func (c *Call) kept(i mesh.Instance) []string {
	var list []string
	host := c.choice.Called()
	if !i.Ready {
		list = append(list, fmt.Sprintf("pod %s of %s %s", i.Name.Name, i.Workload.Name, c.at.State(i.Name)))
	}
	if c.choice.Sends() {
		return append(list, c.words())
	}
	for n, r := range c.choice.Routes() {
		leads := c.leadsTo(r, i)
		switch {
		case n == c.choice.Index && !leads:
			list = append(list, fmt.Sprintf("%s leads all calls of %s to %s", c.routeName(r), host, match.Goals(r)))
		case n == c.choice.Index:
			list = append(list, c.unlucky(r, i))
		case leads && (c.choice.Index < 0 || n < c.choice.Index):
			list = append(list, fmt.Sprintf("%s would lead there, but %s", c.routeName(r), c.choice.Asked.Unmet(r.Match)))
		case leads && !match.IsDefault(r.From):
			list = append(list, fmt.Sprintf("%s would lead there, but an earlier route acts", c.routeName(r)))
		}
	}
	return list
}

func (c *Call) leadsTo(r mesh.Route, i mesh.Instance) bool {
	return slices.ContainsFunc(r.Destinations, func(d mesh.Destination) bool {
		return d.Weight > 0 && c.at.LeadsTo(d.Cluster, i.Name.String())
	})
}

// unlucky is why a route that leads to an instance did not pick it.
func (c *Call) unlucky(r mesh.Route, i mesh.Instance) string {
	d := c.choice.Destination
	switch {
	case c.Cause == cause.Aborted:
		return c.words()
	case d != nil && c.at.LeadsTo(d.Cluster, i.Name.String()):
		return fmt.Sprintf("it was another pod's turn: %s picks one of %d pods of %s",
			c.routeName(r), len(c.at.Ready(d.Cluster)), match.Called(d.Cluster))
	case d != nil:
		drawn := cmp.Or(match.Subset(d.Cluster), match.Called(d.Cluster))
		return fmt.Sprintf("chance: %s splits by weight (%s), and this request was drawn for %s", c.routeName(r), match.Goals(r), drawn)
	}
	return c.words()
}

func (c *Call) routeName(r mesh.Route) string {
	if rule, ok := c.ask(rulebook.PartRoute, r.From, r.Part); ok {
		return fmt.Sprintf("%s %s (%s:%d)", rule.Kind, rule.Name, rule.File, rule.Line)
	}
	return "the default route"
}
