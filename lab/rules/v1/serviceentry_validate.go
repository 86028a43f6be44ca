package v1

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

func (v *validator) serviceEntry(s *networking.ServiceEntry) {
	v.Required("spec.hosts", s.Hosts)
	v.Within("spec.hosts", len(s.Hosts), 0, mostListed)
	v.Within("spec.ports", len(s.Ports), 0, mostListed)
	v.Within("spec.addresses", len(s.Addresses), 0, mostListed)
	for i, host := range s.Hosts {
		v.entryHost(rules.At("spec.hosts", i), host, s.Resolution)
	}
	v.addresses(s)
	names, numbers := map[string]bool{}, map[string]bool{}
	for i, p := range s.Ports {
		path := rules.At("spec.ports", i)
		v.servicePort(path, p)
		v.Once(path+".name", p.Name, names)
		v.Once(path+".number", strconv.Itoa(int(p.Number)), numbers)
	}
	v.resolution(s)
	v.bareHosts(s)
	weights := 0
	for i, at := range s.Endpoints {
		v.endpoint(rules.At("spec.endpoints", i), s, at)
		if weights += max(1, int(at.Weight)); weights > mostWeight {
			v.Fail(rules.At("spec.endpoints", i)+".weight", "together more than %d, which Envoy refuses", mostWeight)
			break
		}
	}
	if s.WorkloadSelector != nil {
		v.entrySelector(s)
	}
	v.exportToNobody(s.ExportTo)
}

// mostListed is how many hosts, ports and addresses an entry has at most, each.
const mostListed = 256

// entryHost takes a wildcard, but for all hosts there are.
func (v *validator) entryHost(path, host string, by networking.ServiceEntry_Resolution) {
	switch {
	case host == "*":
		v.Fail(path, "%q is every host: a ServiceEntry names its hosts, or the end of their names, as in "+
			"*.example.com", host)
	case v.host(path, host) && by != networking.ServiceEntry_DYNAMIC_DNS &&
		strings.HasPrefix(host, "*") && !strings.HasPrefix(host, "*."):
		v.Warn(path, rules.SchemaWarning, "Schema validation warning: partial wildcard %q not allowed", host)
	}
}

func (v *validator) addresses(s *networking.ServiceEntry) {
	for i, text := range s.Addresses {
		path := rules.At("spec.addresses", i)
		prefix, notRange := netip.ParsePrefix(text)
		switch {
		case !isAddress(text) && notRange != nil:
			v.Fail(path, "%s is neither an address of IP nor a range of them, such as 10.0.0.0/8", rules.Quote(text))
		case notRange == nil && prefix.Addr().Is6() && !prefix.IsSingleIP():
			v.Fail(path, "%s, a range of IPv6: %w", text, rules.ErrUnsupported)
		case notRange == nil && s.Resolution != networking.ServiceEntry_NONE &&
			s.Resolution != networking.ServiceEntry_STATIC:
			v.Fail(path, "a range of addresses needs resolution NONE or STATIC")
		}
	}
}

// isAddress takes no zone, such as %eth0: it is of one machine's own.
func isAddress(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Zone() == ""
}

func (v *validator) servicePort(path string, p *networking.ServicePort) {
	v.Port(path+".number", int(p.Number))
	if p.TargetPort != 0 || v.Doc.Says(path+".targetPort") {
		v.Port(path+".targetPort", int(p.TargetPort))
	}
	v.portName(path+".name", p.Name)
	v.anyProtocol(path+".protocol", p.Protocol)
}

func (v *validator) portName(path, name string) {
	if !isLabel(name) {
		v.Fail(path, "%q is not a label of a domain name", name)
	}
}

func protocols() []string {
	return append(httpProtocols(), "HTTP_PROXY", "HTTPS", "TLS", "TCP", "MONGO", "REDIS", "MYSQL", "UDP")
}

// anyProtocol takes all that Istio knows, and none, which it then finds out.
func (v *validator) anyProtocol(path, name string) {
	if name != "" && !slices.Contains(protocols(), strings.ToUpper(name)) {
		v.Fail(path, "%q is not a protocol; want one of %s", name, strings.Join(protocols(), ", "))
	}
}

func (v *validator) resolution(s *networking.ServiceEntry) {
	switch s.Resolution {
	case networking.ServiceEntry_NONE:
		if v.Doc.Says("spec.endpoints") {
			v.Fail("spec.endpoints", "with resolution NONE, calls go to the address that the client asked for")
		}
		v.noTarget(s)
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
		v.lookedUp(s)
	case networking.ServiceEntry_DYNAMIC_DNS:
		v.dynamic(s)
		v.noTarget(s)
	}
}

// isNumber reports whether a name is all digits, which is no name to look up.
func isNumber(name string) bool { return strings.Trim(name, "0123456789") == "" }

// noTarget refuses another port at hosts that are found by what a call asks for.
func (v *validator) noTarget(s *networking.ServiceEntry) {
	for i, p := range s.Ports {
		if p.TargetPort != 0 && p.TargetPort != p.Number {
			v.Fail(rules.At("spec.ports", i)+".targetPort", "with resolution %s: %w", s.Resolution, rules.ErrUnsupported)
		}
	}
}

func (v *validator) lookedUp(s *networking.ServiceEntry) {
	for i, host := range s.Hosts {
		top := host[strings.LastIndex(host, ".")+1:]
		switch _, notNumber := strconv.Atoi(top); {
		case len(s.Endpoints) > 0:
		case strings.HasPrefix(host, "*"):
			v.Fail(rules.At("spec.hosts", i), "DNS cannot look %q up: it needs endpoints, or resolution NONE", host)
		case notNumber == nil:
			v.Fail(rules.At("spec.hosts", i), "DNS cannot look %q up: the top level %q is a number", host, top)
		}
	}
	if s.Resolution == networking.ServiceEntry_DNS_ROUND_ROBIN && len(s.Endpoints) > 1 {
		v.Fail("spec.endpoints", "with resolution DNS_ROUND_ROBIN, at most one")
	}
}

func (v *validator) dynamic(s *networking.ServiceEntry) {
	for i, host := range s.Hosts {
		if !strings.HasPrefix(host, "*") {
			v.Fail(rules.At("spec.hosts", i), "%q: with resolution DYNAMIC_DNS, each host begins with *", host)
		}
	}
	if len(s.Addresses) > 0 {
		v.Fail("spec.addresses", "with resolution DYNAMIC_DNS, hosts are found by their names alone")
	}
	if len(s.Endpoints) > 0 {
		v.Fail("spec.endpoints", "with resolution DYNAMIC_DNS, hosts are found by their names alone")
	}
	for i, p := range s.Ports {
		if !slices.Contains([]string{"HTTP", "TLS", "GRPC", "HTTP2"}, strings.ToUpper(p.Protocol)) {
			v.Fail(rules.At("spec.ports", i)+".protocol",
				"%q: with resolution DYNAMIC_DNS, one of HTTP, TLS, GRPC, HTTP2", p.Protocol)
		}
	}
}

// bareHosts refuses several hosts that nothing in a connection tells apart.
func (v *validator) bareHosts(s *networking.ServiceEntry) {
	if s.Resolution == networking.ServiceEntry_NONE || len(s.Hosts) < 2 {
		return
	}
	for i, p := range s.Ports {
		if isBare(p.Protocol) {
			v.Fail(rules.At("spec.ports", i)+".protocol",
				"%q does not say which of several hosts is meant; only HTTP and TLS do", p.Protocol)
		}
	}
}

// mostWeight is the sum of an entry's weights at most.
const mostWeight = 1<<32 - 1

const noMutual = "with an identity, Istio encrypts the calls: %w"

func (v *validator) endpoint(path string, s *networking.ServiceEntry, at *networking.WorkloadEntry) {
	v.endpointAddress(path, s, at)
	for _, name := range sortedKeys(at.Ports) {
		field := document.Join(path+".ports", name)
		v.Port(field, int(at.Ports[name]))
		if !slices.ContainsFunc(s.Ports, func(p *networking.ServicePort) bool { return p.Name == name }) {
			v.Fail(field, "no port of the entry is named %s", rules.Quote(name))
		}
	}
	v.labels(path+".labels", at.Labels)
	mutual := at.Labels["security.istio.io/tlsMode"] == "istio"
	if mutual {
		v.Fail(document.Join(path+".labels", "security.istio.io/tlsMode"), noMutual, rules.ErrUnsupported)
	}
}

func (v *validator) endpointAddress(path string, s *networking.ServiceEntry, at *networking.WorkloadEntry) {
	file, isFile := strings.CutPrefix(at.Address, unixPrefix)
	static := s.Resolution == networking.ServiceEntry_STATIC
	switch {
	case at.Address == "" && at.Network == "":
		v.Fail(path+".address", "missing")
	case at.Address == "":
		v.Fail(path+".network", "an endpoint without an address: %w", rules.ErrUnsupported)
	case isFile && static:
		v.socketFile(path, s, at, file)
	case isAddress(at.Address):
	case static:
		v.Fail(path+".address", "%s: with resolution STATIC, want an address of IP", rules.Quote(at.Address))
	case hostProblem(at.Address) != "" || strings.HasPrefix(at.Address, "*") || isNumber(at.Address):
		v.Fail(path+".address", "%s is neither an address of IP nor a name", rules.Quote(at.Address))
	}
}

// longestSocket is how long the path of a unix socket may be on every system.
const longestSocket = 103

func (v *validator) socketFile(path string, s *networking.ServiceEntry, at *networking.WorkloadEntry, file string) {
	switch {
	case strings.HasPrefix(file, "@"):
		v.Fail(path+".address", "%s, a socket without a file: %w", rules.Quote(at.Address), rules.ErrUnsupported)
	case !strings.HasPrefix(file, "/") || strings.Contains(file, "\x00"):
		v.Fail(path+".address", "%s: want unix:// and a path from the root", rules.Quote(at.Address))
	case len(file) > longestSocket:
		v.Fail(path+".address", "the path has %d bytes, more than the %d of a unix socket", len(file), longestSocket)
	}
	if len(at.Ports) > 0 {
		v.Fail(path+".ports", "a unix socket has none")
	}
	if len(s.Ports) != 1 {
		v.Fail("spec.ports", "with a unix socket, want exactly one")
	}
}

func (v *validator) entrySelector(s *networking.ServiceEntry) {
	const path = "spec.workloadSelector"
	if len(s.Endpoints) > 0 {
		v.Fail(path, "endpoints and a workloadSelector exclude each other")
	}
	if len(s.WorkloadSelector.Labels) == 0 {
		v.Warn(path, rules.SchemaWarning, "Schema validation warning: service entry: workload selector "+
			"specified without labels, will be applied to all services in namespace")
	}
	if s.Resolution == networking.ServiceEntry_NONE {
		v.Warn(path, rules.SchemaWarning, "Schema validation warning: workloadSelector should not be set "+
			"when resolution mode is NONE")
	}
	v.matchLabels(path+".labels", s.WorkloadSelector.Labels)
}

// exportToNobody takes ~ as well, alone.
func (v *validator) exportToNobody(list []string) {
	if len(list) == 1 && list[0] == "~" {
		return
	}
	v.exportTo(list)
}

func (i inspector) serviceEntryNotes(e serviceEntry) []rules.Finding {
	if len(e.Spec.Ports) == 0 {
		return []rules.Finding{rules.Warn("spec.ports", "", "never acts: it has no ports")}
	}
	list := slices.Concat(i.claimNotes(e), i.samePort(e))
	for n, p := range e.Spec.Ports {
		path := rules.At("spec.ports", n)
		if e.Spec.Addresses == nil && (p.Protocol == "" || strings.EqualFold(p.Protocol, "TCP")) {
			list = append(list, rules.Warn(path, rules.NoAddresses,
				"ServiceEntry addresses are required for this protocol."))
		}
		if isUDP(p) {
			list = append(list, rules.Warn(path, "", "never acts: sidecars do not handle UDP"))
		}
	}
	if slices.Equal(e.Spec.ExportTo, []string{"~"}) {
		list = append(list, rules.Warn("spec.exportTo", "", "never acts: it is exported to nobody"))
	}
	return slices.Concat(list, i.placeNotes(e), i.subjectNotes(e))
}

// placeNotes are about where the hosts of an entry are.
func (i inspector) placeNotes(e serviceEntry) []rules.Finding {
	var list []rules.Finding
	static := e.Spec.Resolution == networking.ServiceEntry_STATIC
	switch s := e.Spec.WorkloadSelector; {
	case s != nil && e.Spec.Resolution != networking.ServiceEntry_NONE:
		labels := s.Labels
		if len(i.chosen(e.Rule, labels)) == 0 {
			list = append(list, rules.Warn("spec.workloadSelector", "",
				"never answers: no pod of namespace %s has %s", e.Key.Namespace, mesh.Labels(labels)))
		}
	case static && len(e.Spec.Endpoints) == 0:
		list = append(list, rules.Warn("spec.endpoints", "", "never answers: it has no endpoints"))
	}
	for n, at := range e.Spec.Endpoints {
		path := rules.At("spec.endpoints", n)
		if at.Locality != "" || at.Network != "" {
			list = append(list, rules.Warn(path, "",
				"locality and network have no effect in the lab: its pods are all in one place"))
		}
	}
	return list
}

// subjectNotes are about names of certificates that no sidecar looks at.
func (i inspector) subjectNotes(e serviceEntry) []rules.Finding {
	encrypted := slices.ContainsFunc(i.topology.External, func(h mesh.ExternalHost) bool {
		return h.TLS != nil && slices.Contains(e.Spec.Hosts, h.Host)
	})
	if len(e.Spec.SubjectAltNames) == 0 || encrypted {
		return nil
	}
	return []rules.Finding{rules.Warn("spec.subjectAltNames", "", "never acts: no DestinationRule has "+
		"a sidecar encrypt the calls of these hosts, and look at certificates")}
}
