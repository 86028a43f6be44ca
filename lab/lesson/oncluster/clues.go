package oncluster

import (
	"context"
	"strings"

	"istio-tutorial/lab/cluster"
)

// loggedLines is how much of a proxy's log a failure shows.
const loggedLines = "10"

// Clues are what the cluster's own programs tell of the namespace.
func (p *place) Clues(ctx context.Context) []string {
	lines := p.ground.podTable(ctx)
	for _, l := range []cluster.Line{
		{Tool: cluster.Istioctl, Args: []string{"proxy-status"}},
		{Tool: cluster.Istioctl, Args: []string{"proxy-config", "routes", "deployment/preference"}},
		{Tool: cluster.Istioctl, Args: []string{"proxy-config", "endpoints", "deployment/preference"}},
		{Tool: cluster.Kubectl, Args: []string{"logs", "deployment/preference", "-c", proxyContainer, "--tail=" + loggedLines}},
	} {
		lines = append(lines, p.ground.clue(ctx, l)...)
	}
	return lines
}

// podTable is which pods there are.
func (g *Ground) podTable(ctx context.Context) []string {
	return g.clue(ctx, cluster.Line{Tool: cluster.Kubectl, Args: []string{"get", "pods", "-o", "wide"}})
}

// clue is what a line prints that has to do with the namespace.
func (g *Ground) clue(ctx context.Context, l cluster.Line) []string {
	text, err := g.Tools.Output(ctx, "", l)
	if err != nil {
		text = err.Error()
	}
	lines := []string{l.Tool + " -n " + g.Tools.Namespace + " " + strings.Join(l.Args, " ") + ":"}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		other := strings.Contains(line, ".svc.cluster.local") && !strings.Contains(line, "."+g.Tools.Namespace+".svc.")
		if !other {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}
