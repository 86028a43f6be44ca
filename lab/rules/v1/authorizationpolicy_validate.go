package v1

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/rules"
)

func (v *validator) authorizationPolicy(p *security.AuthorizationPolicy) {
	v.selector(p.Selector)
	v.targets(p, p.Selector)
	v.ingressTargets(p)
	if !atIngress(v.Doc.Namespace, p) {
		v.addressesOfPods(p)
	}
	v.provider(p)
	if p.Action == security.AuthorizationPolicy_DENY && len(p.Rules) == 0 {
		v.Fail("spec.rules", "DENY without a rule denies nothing; an empty one, {}, denies every request")
	}
	for i, rule := range p.Rules {
		path := rules.At("spec.rules", i)
		for j, from := range rule.From {
			v.Required(rules.At(path+".from", j)+".source", from.GetSource())
			v.source(rules.At(path+".from", j)+".source", from.Source)
		}
		for j, to := range rule.To {
			if v.Required(rules.At(path+".to", j)+".operation", to.GetOperation()) {
				v.accessOperation(rules.At(path+".to", j)+".operation", to.Operation)
			}
		}
		for j, when := range rule.When {
			v.when(rules.At(path+".when", j), when)
		}
		if p.Action == security.AuthorizationPolicy_DENY && deniesTCP(rule) {
			v.Warn(path, rules.SchemaWarning, "Schema validation warning: configured AuthorizationPolicy "+
				"will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes "+
				"in a DENY rule; it is recommended to explicitly specify the port")
		}
	}
}

// deniesTCP reports whether a rule that denies asks only for what a port of TCP does not tell. Of
// sources nothing that the lab takes is such.
func deniesTCP(rule *security.Rule) bool {
	return len(rule.To) > 0 && !slices.ContainsFunc(rule.To, func(t *security.Rule_To) bool {
		return len(t.GetOperation().GetPorts())+len(t.GetOperation().GetNotPorts()) > 0
	})
}

// list is a field of texts.
type list struct {
	field string
	texts []string
}

// notEmpty takes lists of which at least one has a text, and none has an empty one.
func (v *validator) notEmpty(path string, lists []list) {
	empty := true
	for _, l := range lists {
		empty = empty && len(l.texts) == 0
		for i, text := range l.texts {
			v.NotEmpty(rules.At(path+"."+l.field, i), text)
		}
	}
	if empty {
		v.Fail(path, "must not be empty")
	}
}

func (v *validator) source(path string, s *security.Source) {
	if s == nil {
		return
	}
	accounts := []list{
		{"serviceAccounts", s.ServiceAccounts}, {"notServiceAccounts", s.NotServiceAccounts},
	}
	others := []list{
		{"principals", s.Principals}, {"notPrincipals", s.NotPrincipals},
		{"namespaces", s.Namespaces}, {"notNamespaces", s.NotNamespaces},
	}
	bearers := []list{
		{"requestPrincipals", s.RequestPrincipals}, {"notRequestPrincipals", s.NotRequestPrincipals},
	}
	addresses := []list{
		{"ipBlocks", s.IpBlocks}, {"notIpBlocks", s.NotIpBlocks},
		{"remoteIpBlocks", s.RemoteIpBlocks}, {"notRemoteIpBlocks", s.NotRemoteIpBlocks},
	}
	domains := []list{{"trustDomains", s.TrustDomains}, {"notTrustDomains", s.NotTrustDomains}}
	v.notEmpty(path, slices.Concat(accounts, others, bearers, domains, addresses))
	v.blocksOfAddresses(path, addresses)
	v.accounts(path, accounts)
	for _, l := range domains {
		v.domains(path+"."+l.field, l.texts)
		for i, name := range l.texts {
			if strings.Contains(name, "/") {
				v.Fail(rules.At(path+"."+l.field, i), "%s: a trust domain has no /", rules.Quote(name))
			}
		}
	}
	some := func(l list) bool { return len(l.texts) > 0 }
	if slices.ContainsFunc(accounts, some) && slices.ContainsFunc(others, some) {
		v.Fail(path, "serviceAccounts exclude principals and namespaces")
	}
}

// blocksOfAddresses takes addresses, and ranges of them.
func (v *validator) blocksOfAddresses(path string, lists []list) {
	for _, l := range lists {
		for i, text := range l.texts {
			if _, err := addressBlock(text); err != nil && text != "" { // an empty one is told elsewhere
				v.Fail(rules.At(path+"."+l.field, i),
					"%s is neither an address of IP nor a range of them, such as 10.0.0.0/8", rules.Quote(text))
			}
		}
	}
}

// domains takes a * at one end of a name, as admission does.
func (v *validator) domains(path string, names []string) {
	for i, name := range names {
		inner := strings.TrimPrefix(name, "*")
		if inner == name {
			inner = strings.TrimSuffix(name, "*")
		}
		if strings.Contains(inner, "*") {
			v.Fail(rules.At(path, i), "%s: one * may stand at the beginning or at the end", rules.Quote(name))
		}
	}
}

// A policy names at most so many accounts in one place, none of them longer.
const (
	mostAccounts   = 16
	longestAccount = 320
)

func (v *validator) accounts(path string, lists []list) {
	for _, l := range lists {
		if len(l.texts) > mostAccounts {
			v.Fail(path+"."+l.field, "%d of them, more than %d", len(l.texts), mostAccounts)
		}
		for i, text := range l.texts {
			isShort := len(text) <= longestAccount
			if strings.Count(text, "/") > 1 || strings.ContainsAny(text, "*") || strings.Trim(text, "/") != text || !isShort {
				v.Fail(rules.At(path+"."+l.field, i), "want ACCOUNT or NAMESPACE/ACCOUNT, not %s", rules.Quote(text))
			}
		}
	}
}

func (v *validator) accessOperation(path string, o *security.Operation) {
	paths := []list{{"paths", o.Paths}, {"notPaths", o.NotPaths}}
	ports := []list{{"ports", o.Ports}, {"notPorts", o.NotPorts}}
	v.notEmpty(path, slices.Concat(paths, ports, []list{
		{"methods", o.Methods}, {"notMethods", o.NotMethods}, {"hosts", o.Hosts}, {"notHosts", o.NotHosts},
	}))
	for _, l := range ports {
		v.portTexts(path+"."+l.field, l.texts)
	}
	for _, l := range paths {
		for i, text := range l.texts {
			if problem := templateProblem(text); problem != "" {
				v.Fail(rules.At(path+"."+l.field, i), "path %s: %s", rules.Quote(text), problem)
			}
		}
	}
}

func (v *validator) portTexts(path string, texts []string) {
	for i, text := range texts {
		if _, err := strconv.ParseUint(text, 10, 16); err != nil {
			v.Fail(rules.At(path, i), "port %s is not in 0-65535", rules.Quote(text))
		}
	}
}

// segment is what a path with templates may have between two slashes.
var segment = regexp.MustCompile(`^[a-zA-Z0-9-._~%!$&'()+,;:@=]+$`)

// templateProblem is what is wrong with the braces of a path; Envoy takes {*} for one segment, and
// {**} for any number, as the last operator.
func templateProblem(path string) string {
	last := false
	for _, s := range strings.Split(strings.Trim(path, "/"), "/") {
		switch isOperator := s == "{*}" || s == "{**}"; {
		case isOperator && last:
			return "{**} is not the last operator"
		case isOperator:
			last = s == "{**}"
		case strings.ContainsAny(s, "{}"):
			return "a brace stands elsewhere than in {*} and {**}, each alone between slashes"
		case isTemplate(path) && !segment.MatchString(s):
			return fmt.Sprintf("%s is not a segment of a path beside {*} and {**}", rules.Quote(s))
		}
	}
	return ""
}

// when takes conditions about callers, headers and ports.
func (v *validator) when(path string, w *security.Condition) {
	values := []list{{"values", w.Values}, {"notValues", w.NotValues}}
	if !v.Required(path+".key", w.Key) {
		return
	}
	v.notEmpty(path, values)
	switch w.Key {
	case destinationPort:
		for _, l := range values {
			v.portTexts(path+"."+l.field, l.texts)
		}
	case sourceIP, remoteIP:
		v.blocksOfAddresses(path, values)
	case "destination.ip":
		v.blocksOfAddresses(path, values)
		v.key(path+".key", w)
	case "source.serviceAccount":
		v.accounts(path, values)
	case "source.trustDomain":
		for _, l := range values {
			v.domains(path+"."+l.field, l.texts)
		}
	default:
		v.key(path+".key", w)
	}
}

// key holds the key of a condition whose values may be any.
func (v *validator) key(path string, w *security.Condition) {
	name, isHeader := headerOf(w.Key)
	claims, isClaim := strings.CutPrefix(w.Key, requestClaims)
	switch {
	case isHeader:
		if !strings.HasSuffix(w.Key, "]") || name == "" {
			v.Fail(path, "want %s[NAME], not %s", requestHeader, rules.Quote(w.Key))
		}
	case isClaim:
		if claimsIn(claims) == nil {
			v.Fail(path, "want %s[NAME] or %s[NAME][NAME], not %s", requestClaims, requestClaims, rules.Quote(w.Key))
		}
	case tokenTerm(w.Key) == nil && sourceOf(w) == nil:
		v.unknownKey(path, w.Key)
	}
}

// experimental begins the keys of what Envoy's own filters found.
const experimental = "experimental.envoy.filters."

// unknownKey tells the keys that a cluster knows from those that nobody does.
func (v *validator) unknownKey(path, key string) {
	known := []string{"destination.ip", "connection.sni"}
	if strings.HasPrefix(key, experimental) {
		if _, name, ok := strings.Cut(key, "["); !ok || len(name) < 2 || !strings.HasSuffix(name, "]") {
			v.Fail(path, "want %sNAME[KEY], not %s", experimental, rules.Quote(key))
			return
		}
		known = append(known, key)
	}
	if slices.Contains(known, key) {
		v.Fail(path, "%s: %w", key, rules.ErrUnsupported)
		return
	}
	v.Fail(path, "%s is not a key of a condition; want one of source.ip, remote.ip, source.principal, source.namespace, "+
		"source.serviceAccount, source.trustDomain, request.headers[NAME], request.auth.principal, "+
		"request.auth.audiences, request.auth.presenter, request.auth.claims[NAME] and destination.port", rules.Quote(key))
}

// namespaces are those that a policy names, and that are not there.
func (i inspector) namespaces(p *security.AuthorizationPolicy) []rules.Finding {
	var list []rules.Finding
	look := func(path string, patterns []string) {
		for n, pattern := range patterns {
			if !slices.ContainsFunc(i.topology.NamespaceNames(), func(name string) bool { return fits(pattern, name) }) {
				list = append(list, failed(rules.At(path, n), rules.NotFound, "Referenced namespace not found: %q", pattern))
			}
		}
	}
	for n, rule := range p.Rules {
		for m, from := range rule.From {
			path := fmt.Sprintf("spec.rules[%d].from[%d].source", n, m)
			look(path+".namespaces", from.GetSource().GetNamespaces())
			look(path+".notNamespaces", from.GetSource().GetNotNamespaces())
		}
	}
	return list
}

// principals warns of identities that nobody has, as they are easy to misspell.
func (i inspector) principals(p *security.AuthorizationPolicy) []rules.Finding {
	var list []rules.Finding
	known := func(principal string) bool {
		return slices.ContainsFunc(i.callers(), func(c caller) bool {
			return fits(principal, c.Principal())
		})
	}
	for n, rule := range p.Rules {
		for m, from := range rule.From {
			for k, principal := range from.GetSource().GetPrincipals() {
				path := fmt.Sprintf("spec.rules[%d].from[%d].source.principals[%d]", n, m, k)
				if !known(principal) {
					list = append(list, rules.Warn(path, "", "nobody has the principal %s", principal))
				}
			}
		}
	}
	return list
}
