package oncluster

import (
	"regexp"
	"strings"
)

// lacking are the verbs that a cluster has nothing for, or prints something else for, each with why. Pages
// leave out the commands that begin with one.
func lacking() []struct{ verb, why string } {
	const lab = "the lab's own"
	return []struct{ verb, why string }{
		{"why", lab}, {"top", lab}, {"graph", lab}, {"up", lab}, {"down", lab}, {"reset", lab}, {"status", lab},
		{"metrics", lab}, {"lesson", lab},
		{"routes", "istioctl prints another table"}, {"proxy-config", "istioctl prints another table"},
		{"stats", "it prints all of a proxy's"}, {"proxy-logs", "their form is the installation's to choose"},
	}
}

// Types is a command as it stands, but that its rules are for the ground's own gateway.
func (p *place) Types(command string) (typed, why string) {
	for _, l := range lacking() {
		if regexp.MustCompile(`^bin/lab ` + l.verb + `\b`).MatchString(command) {
			return command, l.why
		}
	}
	return p.ground.edge(command), ""
}

// deletedFrom is what newer kubectl adds.
var deletedFrom = regexp.MustCompile(`^(.*") deleted from \S+ namespace$`)

// Reads is what was printed in the words of the pages: they have the tutorial's namespace, an Ingress in the place
// of the ground's route, and know nothing of its gateway.
func (p *place) Reads(lines []string) []string {
	ingressWords := strings.NewReplacer(
		"httproute.gateway.networking.k8s.io/"+ingress+" ", "ingress.networking.k8s.io/customer ",
		`httproute.gateway.networking.k8s.io "`+ingress+`"`, `ingress.networking.k8s.io "customer"`,
	)
	var read []string
	for _, line := range lines {
		if strings.HasPrefix(line, gateway+"-") {
			continue
		}
		line = strings.ReplaceAll(line, p.ground.Tools.Namespace, origin)
		read = append(read, deletedFrom.ReplaceAllString(ingressWords.Replace(line), "$1 deleted"))
	}
	return read
}
