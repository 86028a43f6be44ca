package match

import (
	"strconv"
	"strings"

	"istio-tutorial/lab/mesh"
)

// virtualHost is the place of the virtual host of a host as it stands in a request; the earlier of two has a name.
// As in Envoy, a name itself goes before a pattern, and a longer pattern before a shorter one.
func virtualHost(hosts []mesh.VirtualHost, asked string) int {
	host, number := SplitPort(strings.ToLower(asked))
	best, rank := -1, 0
	for i, h := range hosts {
		for _, name := range h.Names {
			if r := closeness(strings.ToLower(name), h.Port, host, number); r > rank {
				best, rank = i, r
			}
		}
	}
	return best
}

// exactly is more than any length of a pattern.
const exactly = 1 << 20

// closeness is 0 where a name is not that of the host.
func closeness(name string, port int, host, number string) int {
	pattern := strings.HasPrefix(name, "*")
	switch {
	case name == "*" && port == 0:
		return 1
	case name != host && !pattern, !fitsPort(port, number):
		return 0
	case name == host && (port != 0 || number == ""):
		return exactly
	case name == host:
		return 2 + len(name) // a pattern of ports
	case len(name) > 1 && strings.HasSuffix(host, name[1:]) && len(host) >= len(name):
		return exactly/2 + len(name)
	}
	return 0
}

// SplitPort parts a host from its port; "": it has none.
func SplitPort(asked string) (host, number string) {
	if i := strings.LastIndex(asked, ":"); i > strings.LastIndex(asked, "]") {
		return asked[:i], asked[i+1:]
	}
	return asked, ""
}

// fitsPort reports whether a port is the one that was asked for: without one, it is 80.
func fitsPort(port int, number string) bool {
	return port == 0 || number == strconv.Itoa(port) || number == "" && port == 80
}
