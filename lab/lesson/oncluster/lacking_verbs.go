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

// Compare reads both sides by what they mean. The pages have the lab's words, the tutorial's namespace, an Ingress in
// the place of the ground's route, and know nothing of its gateway; they name the line of a file that is refused, and
// have istioctl analyze's warnings, where kubectl has its own.
func (p *place) Compare(says, printed []string) (said, came []string) {
	for _, line := range says {
		if !strings.HasPrefix(line, "warning: ") {
			said = append(said, refusedAt.ReplaceAllString(line, "Error: "))
		}
	}
	for _, line := range printed {
		if !strings.HasPrefix(line, gateway+"-") && !strings.HasPrefix(line, "Warning: ") {
			came = append(came, p.read(line))
		}
	}
	return said, came
}

var (
	// refusedAt is how the lab begins to say what it refuses.
	refusedAt = regexp.MustCompile(`^Error: \S+:\d+: `)
	// refusedBy is how kubectl does.
	refusedBy = regexp.MustCompile(`^Error from server \(\w+\): (?:error when \w+ "[^"]*": )?`)
	// deletedFrom is what a newer kubectl adds.
	deletedFrom = regexp.MustCompile(`^(.*") deleted from \S+ namespace$`)
)

// read is a line that was printed, in the words of the pages.
func (p *place) read(line string) string {
	line = refusedBy.ReplaceAllString(line, "Error: ")
	line = strings.NewReplacer(
		"virtualservice.networking.istio.io/"+ingress+" ", "ingress.networking.k8s.io/customer ",
		`virtualservice.networking.istio.io "`+ingress+`"`, `ingress.networking.k8s.io "customer"`,
		p.ground.Tools.Namespace, origin,
	).Replace(line)
	if object, ok := strings.CutSuffix(line, " configured"); ok && p.same[object] {
		return object + " unchanged" // what the API server has filled in is another text than the file's to kubectl
	}
	return deletedFrom.ReplaceAllString(line, "$1 deleted")
}
