package filter

import (
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
)

// Port is a port of an instance, as its sidecar has it.
type Port struct {
	Number   int // of the container
	Protocol mesh.Protocol
}

// accessFilter is a step of an inbound listener, for the rules of one action.
type accessFilter struct {
	name   string
	action mesh.AccessAction
	does   rbacv3.RBAC_Action
	dryRun string // begins the counters of rules that decide nothing, as Istio calls them
}

// accessSteps are in the order of Istio.
func accessSteps() []accessFilter {
	return []accessFilter{
		{"envoy.filters.http.rbac.audit", mesh.Audit, rbacv3.RBAC_LOG, ""},
		{"envoy.filters.http.rbac.deny", mesh.Deny, rbacv3.RBAC_DENY, "istio_dry_run_deny_"},
		{"envoy.filters.http.rbac.allow", mesh.Allow, rbacv3.RBAC_ALLOW, "istio_dry_run_allow_"},
	}
}

// Access is the steps for rules of access. They do nothing by themselves: the virtual host of an instance has the
// rules.
func Access(p *message.Packer) []*hcmv3.HttpFilter {
	var list []*hcmv3.HttpFilter
	for _, step := range accessSteps() {
		list = append(list, Step(p, step.name, &filterv3.RBAC{}))
	}
	return list
}

// SetAccess adds the rules of access for calls to a port to a virtual host's settings, by the name of the step.
func SetAccess(p *message.Packer, to Port, list []mesh.AccessRule, settings map[string]*anypb.Any) {
	for _, step := range accessSteps() {
		if config := accessOf(p, to, step, list); config.Rules != nil || config.ShadowRules != nil {
			settings[step.name] = p.Pack(&filterv3.RBACPerRoute{Rbac: config})
		}
	}
}

// accessOf are the rules of one step.
func accessOf(p *message.Packer, to Port, step accessFilter, list []mesh.AccessRule) *filterv3.RBAC {
	config := &filterv3.RBAC{ShadowRulesStatPrefix: step.dryRun}
	for _, r := range list {
		if r.Action != step.action {
			continue
		}
		rules := &config.Rules
		if r.DryRun {
			rules = &config.ShadowRules
		}
		if *rules == nil {
			*rules = &rbacv3.RBAC{Action: step.does, Policies: map[string]*rbacv3.Policy{}}
		}
		(*rules).Policies[r.Name] = accessPolicy(p, to, r)
	}
	return config
}

// Ports of Istio's ingress gateway, which a policy there may ask for: those of its pods.
const (
	ingressPort = 8080
	ingressTLS  = 8443
)

// AccessAtIngress is the steps of a listener or a chain of the ingress, by its name, which have their rules in
// themselves: they refuse what no route leads on, too. Encrypted says that callers come by TLS.
func AccessAtIngress(p *message.Packer, name string, encrypted bool, list []mesh.AccessRule) []Discovered {
	to := Port{ingressPort, mesh.HTTP}
	if encrypted {
		to.Number = ingressTLS
	}
	var steps []Discovered
	for _, step := range accessSteps() {
		steps = append(steps, discovered(p, step.name+"|"+name, accessOf(p, to, step, list)))
	}
	return steps
}

// cidr is a range of addresses, which is valid.
func cidr(text string) *corev3.CidrRange {
	address, bits, _ := strings.Cut(text, "/")
	length, _ := strconv.ParseUint(bits, 10, 32)
	return &corev3.CidrRange{AddressPrefix: address, PrefixLen: wrapperspb.UInt32(uint32(length))}
}

// accessPolicy is a rule in Envoy's words: never about a request where it lacks a side.
func accessPolicy(p *message.Packer, to Port, r mesh.AccessRule) *rbacv3.Policy {
	policy := &rbacv3.Policy{}
	for _, terms := range r.Operations {
		if known, ok := knownTo(to, r.Action, terms); ok {
			policy.Permissions = append(policy.Permissions, permission(p, to, known))
		}
	}
	for _, terms := range r.Sources {
		if known, ok := knownTo(to, r.Action, terms); ok {
			policy.Principals = append(policy.Principals, principal(known))
		}
	}
	if len(policy.Permissions) == 0 || len(policy.Principals) == 0 {
		policy.Permissions = []*rbacv3.Permission{notPermission(anyPermission())}
		policy.Principals = []*rbacv3.Principal{notPrincipal(anyPrincipal())}
	}
	return policy
}

// knownTo are the terms that somebody can ask on a port: nobody reads requests on one of TCP. There,
// rules that deny or mark go without the others; those that allow allow nothing, which is false.
func knownTo(to Port, action mesh.AccessAction, terms mesh.AccessTerms) (mesh.AccessTerms, bool) {
	if to.Protocol != mesh.TCP {
		return terms, true
	}
	known := slices.DeleteFunc(slices.Clone(terms), func(t mesh.AccessTerm) bool {
		return len(t.Together) > 0 || len(t.Conditions) > 0 && t.Conditions[0].Attribute != mesh.Peer
	})
	return known, action != mesh.Allow || len(known) == len(terms)
}

func permission(p *message.Packer, to Port, terms mesh.AccessTerms) *rbacv3.Permission {
	set := &rbacv3.Permission_Set{Rules: []*rbacv3.Permission{anyPermission()}}
	for _, t := range terms {
		one := &rbacv3.Permission_Set{}
		for _, port := range t.Ports { // known here; the sidecar's own socket has none
			if port == to.Number {
				one.Rules = append(one.Rules, anyPermission())
			}
		}
		for _, c := range t.Conditions {
			one.Rules = append(one.Rules, asked(p, c))
		}
		or := notPermission(anyPermission())
		if len(one.Rules) > 0 {
			or = &rbacv3.Permission{Rule: &rbacv3.Permission_OrRules{OrRules: one}}
		}
		if t.Not {
			or = notPermission(or)
		}
		set.Rules = append(set.Rules, or)
	}
	return &rbacv3.Permission{Rule: &rbacv3.Permission_AndRules{AndRules: set}}
}

func principal(terms mesh.AccessTerms) *rbacv3.Principal {
	set := &rbacv3.Principal_Set{Ids: []*rbacv3.Principal{anyPrincipal()}}
	for _, t := range terms {
		one := &rbacv3.Principal_Set{}
		for _, c := range t.Conditions {
			one.Ids = append(one.Ids, sent(c))
		}
		for _, all := range t.Together {
			both := &rbacv3.Principal_Set{}
			for _, c := range all {
				both.Ids = append(both.Ids, sent(c))
			}
			one.Ids = append(one.Ids, &rbacv3.Principal{Identifier: &rbacv3.Principal_AndIds{AndIds: both}})
		}
		or := notPrincipal(anyPrincipal())
		if len(one.Ids) > 0 {
			or = &rbacv3.Principal{Identifier: &rbacv3.Principal_OrIds{OrIds: one}}
		}
		if t.Not {
			or = notPrincipal(or)
		}
		set.Ids = append(set.Ids, or)
	}
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_AndIds{AndIds: set}}
}

// sent is met by a request of whose sender a condition holds.
func sent(c mesh.Condition) *rbacv3.Principal {
	switch c.Attribute {
	case mesh.Peer:
	case mesh.Address:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_DirectRemoteIp{DirectRemoteIp: cidr(c.Value)}}
	case mesh.Client:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_RemoteIp{RemoteIp: cidr(c.Value)}}
	case mesh.Claim:
		return &rbacv3.Principal{Identifier: &rbacv3.Principal_SourcedMetadata{
			SourcedMetadata: &rbacv3.SourcedMetadata{MetadataMatcher: match.Claim(c)},
		}}
	default:
		return headerPrincipal(match.Header(c))
	}
	if c.Compare == mesh.Present {
		c.Compare, c.Value = mesh.Regex, ".+"
	}
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_Authenticated_{
		Authenticated: &rbacv3.Principal_Authenticated{PrincipalName: match.Text(c)},
	}}
}

// asked is met by a request that asks for what a condition says.
func asked(p *message.Packer, c mesh.Condition) *rbacv3.Permission {
	switch {
	case c.Compare == mesh.Template:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_UriTemplate{
			UriTemplate: &corev3.TypedExtensionConfig{
				Name:        "envoy.path.match.uri_template",
				TypedConfig: p.Pack(&templatev3.UriTemplateMatchConfig{PathTemplate: c.Value}),
			},
		}}
	case c.Attribute == mesh.Path && c.Compare == mesh.Present:
		return anyPermission() // every request has a path
	case c.Attribute == mesh.Path:
		return &rbacv3.Permission{Rule: &rbacv3.Permission_UrlPath{UrlPath: &matcherv3.PathMatcher{
			Rule: &matcherv3.PathMatcher_Path{Path: match.Text(c)},
		}}}
	}
	return &rbacv3.Permission{Rule: &rbacv3.Permission_Header{Header: match.Header(c)}}
}

func anyPermission() *rbacv3.Permission {
	return &rbacv3.Permission{Rule: &rbacv3.Permission_Any{Any: true}}
}

func notPermission(p *rbacv3.Permission) *rbacv3.Permission {
	return &rbacv3.Permission{Rule: &rbacv3.Permission_NotRule{NotRule: p}}
}

func anyPrincipal() *rbacv3.Principal {
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_Any{Any: true}}
}

func notPrincipal(p *rbacv3.Principal) *rbacv3.Principal {
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_NotId{NotId: p}}
}

func headerPrincipal(h *routev3.HeaderMatcher) *rbacv3.Principal {
	return &rbacv3.Principal{Identifier: &rbacv3.Principal_Header{Header: h}}
}
