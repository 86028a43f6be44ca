package route_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/route"
)

// TestDomains has the names by which requests may call a host: only port 80 needs no number.
func TestDomains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		port  int
		names string
		want  string
	}{
		{8080, "a a.ns", "a:8080 a.ns:8080"},
		{80, "A.test", "a.test a.test:80"},
		{0, "*.a.test", "*.a.test *.a.test:*"},
		{0, "*", "*"},
		{80, "*", "* *:80"},
	} {
		got := route.Domains(mesh.VirtualHost{Names: strings.Fields(c.names), Port: c.port})
		if want := strings.Fields(c.want); !slices.Equal(got, want) {
			t.Errorf("%s at %d: %q, want %q", c.names, c.port, got, want)
		}
	}
}

// patterns are the authorities that routes are for.
func patterns(t *testing.T, hosts ...mesh.VirtualHost) []*regexp.Regexp {
	t.Helper()
	var list []*regexp.Regexp
	for _, r := range (route.Client{Mesh: &mesh.Topology{}}).ByAuthority(hosts) {
		if r.Match.GetConnectMatcher() != nil {
			continue // the same for tunnels
		}
		list = append(list, regexp.MustCompile("^(?:"+r.Match.Headers[0].GetStringMatch().GetSafeRegex().GetRegex()+")$"))
	}
	return list
}

// TestRanges leads the addresses of a range, and no other, to its host; ranges go before hosts of a port.
func TestRanges(t *testing.T) {
	t.Parallel()
	to := []mesh.Route{{Destinations: []mesh.Destination{{Cluster: mesh.Cluster{Host: "a", Port: 80}, Weight: 100}}}}
	for text, c := range map[string]struct{ yes, no string }{
		"10.0.0.0/8":   {"10.1.2.3:443 10.255.0.1:443", "11.1.2.3:443 10.1.2.3 10.1.2.3:44 1.10.1.2:443"},
		"10.1.64.0/18": {"10.1.64.1:443 10.1.127.9:443", "10.1.63.1:443 10.1.128.1:443"},
		"10.1.2.3/32":  {"10.1.2.3:443", "10.1.2.33:443 10x1.2.3:443"},
		"0.0.0.0/0":    {"1.2.3.4:443", "a.test:443"},
		"fe80::/10":    {"", "[fe80::1]:443 1.2.3.4:443"}, // the lab has addresses of IPv4 only
	} {
		got := patterns(t, mesh.VirtualHost{Port: 443, Ranges: []string{text}, Routes: to})
		if len(got) != 1 {
			t.Fatalf("%s: %v", text, got)
		}
		for want, list := range map[bool]string{true: c.yes, false: c.no} {
			for authority := range strings.FieldsSeq(list) {
				if got[0].MatchString(authority) != want {
					t.Errorf("%s: %s: want %v", text, authority, want)
				}
			}
		}
	}
	got := patterns(t,
		mesh.VirtualHost{Port: 80, AnyName: true, Routes: to},
		mesh.VirtualHost{Port: 80, Ranges: []string{"10.0.0.0/8"}, Routes: to})
	if len(got) != 2 || got[0].MatchString("a.test") || !got[0].MatchString("10.1.2.3") || !got[1].MatchString("a.test") {
		t.Errorf("a range after a port: %v", got)
	}
}

// TestWide tells a host that is called by its port alone, and shares it with HTTP, from one that has it for itself.
func TestWide(t *testing.T) {
	t.Parallel()
	unread := []mesh.Route{{Unread: true, Destinations: []mesh.Destination{{Cluster: mesh.Cluster{Host: "tcp"}}}}}
	tcp := mesh.VirtualHost{Names: []string{"tcp"}, Port: 80, AnyName: true, Routes: unread}
	web := mesh.VirtualHost{Names: []string{"web"}, Port: 80, Routes: []mesh.Route{{}}}
	elsewhere := mesh.VirtualHost{Names: []string{"elsewhere"}, Port: 8080, Routes: []mesh.Route{{}}}
	if got := route.Wide(mesh.Outbound{Hosts: []mesh.VirtualHost{tcp, web}}); len(got) != 1 || got[0].Unread == nil || got[0].Unread.Host != "tcp" {
		t.Errorf("beside HTTP: %+v", got)
	}
	if got := route.Wide(mesh.Outbound{Hosts: []mesh.VirtualHost{tcp, elsewhere}}); len(got) != 1 || got[0].Unread != nil {
		t.Errorf("alone: %+v", got)
	}
}

// TestHashes gives a route the keys of those of its clusters that have some.
func TestHashes(t *testing.T) {
	t.Parallel()
	a, b := mesh.Cluster{Host: "a", Port: 80}, mesh.Cluster{Host: "b", Port: 80}
	hashing := []mesh.Upstream{
		{Cluster: a, Policy: mesh.Policy{Hash: &mesh.Hash{Header: "x-user"}}},
		{Cluster: b, Policy: mesh.Policy{Hash: &mesh.Hash{Cookie: &mesh.HashCookie{Name: "c"}}}},
	}
	if got := route.Hashing(mesh.Outbound{Clusters: append(hashing, mesh.Upstream{Cluster: a})}); len(got) != 2 {
		t.Errorf("%d of 3 clusters have a hash, want 2", len(got))
	}
	to := []mesh.Destination{{Cluster: b}}
	hashes := route.Hashes(to, hashing)
	r := (route.Client{Mesh: &mesh.Topology{}}).Route(mesh.Route{Destinations: to}, hashes)
	if got := r.GetRoute().GetHashPolicy(); len(got) != 1 || got[0].GetCookie().GetName() != "c" || got[0].GetCookie().GetTtl() != nil {
		t.Errorf("hash policies %v, want the cookie's alone, without a lifetime", got)
	}
}

// TestDirect answers with text as text, and with what is none as bytes.
func TestDirect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer mesh.Response
		status uint32
		bytes  bool
	}{
		{mesh.Response{Body: "no"}, http.StatusInternalServerError, false},
		{mesh.Response{Status: 404, Body: "\xff"}, 404, true},
	} {
		got := route.Direct(c.answer).DirectResponse
		if got.Status != c.status || (got.Body.GetInlineBytes() != nil) != c.bytes {
			t.Errorf("%+v: %v", c.answer, got)
		}
	}
}
