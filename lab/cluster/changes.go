package cluster

import (
	"regexp"
	"strings"
)

// Change is what kubectl says it did to an object.
type Change struct {
	Resource string // as kubectl writes it, such as virtualservice.networking.istio.io
	Name     string
	Deleted  bool
	// Namespace is "" for that of the Tools; kubectl does not print it.
	Namespace string
}

func (c Change) String() string {
	kind, _, _ := strings.Cut(c.Resource, ".")
	return kind + "/" + c.Name
}

// Changes are those in what kubectl printed. What it left as it was is none, and neither is a dry run.
func Changes(printed string) []Change {
	var (
		done    = regexp.MustCompile(`^([a-z0-9.-]+)/(\S+) (created|configured|replaced|serverside-applied)$`)
		deleted = regexp.MustCompile(`^([a-z0-9.-]+) "([^"]+)" (?:force )?deleted(?: from \S+ namespace)?$`)
		list    []Change
	)
	for line := range strings.Lines(printed) {
		line = strings.TrimRight(line, "\r\n")
		if m := done.FindStringSubmatch(line); m != nil {
			list = append(list, Change{Resource: m[1], Name: m[2]})
		}
		if m := deleted.FindStringSubmatch(line); m != nil {
			list = append(list, Change{Resource: m[1], Name: m[2], Deleted: true})
		}
	}
	return list
}
