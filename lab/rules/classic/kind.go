// Package classic reads the rules of Istio 0.7.1, API config.istio.io/v1alpha2, and turns them
// into mesh values with the meaning that they had there: the highest precedence first and nothing
// after the first rule without condition, policies by exact labels and one per cluster, faults
// by cluster whatever the route, Mixer's answers byte for byte.
//
// Features that the tutorial does not use are refused with "not supported by the lab": redirect,
// rewrite, websocketUpgrade, corsPolicy, appendHeaders, L4 faults and matches, custom policies,
// overrideHeaderName, egress of TCP, to address ranges and to wildcard hosts, list providers and
// entry types other than STRINGS, quota charges other than 1, quota specs bound by labels or
// conditions, metrics other than counters of 1, and every operator of Mixer's expressions but
// ==, && and |.
package classic

import "slices"

// APIVersion is the one that all kinds of this package have.
const APIVersion = "config.istio.io/v1alpha2"

// Kind is a kind of rule and its names.
type Kind struct {
	Kind   string // in a file: RouteRule, denier
	Type   string // in a key: route-rule, denier
	Plural string // of the resource: routerules, deniers; the singular is Kind in lower case
}

const (
	routeRuleKind         = "RouteRule"
	destinationPolicyKind = "DestinationPolicy"
	egressRuleKind        = "EgressRule"
	ruleKind              = "rule"
	denierKind            = "denier"
	checkNothingKind      = "checknothing"
	listCheckerKind       = "listchecker"
	listEntryKind         = "listentry"
	memQuotaKind          = "memquota"
	quotaKind             = "quota"
	quotaSpecKind         = "QuotaSpec"
	quotaSpecBindingKind  = "QuotaSpecBinding"
	metricKind            = "metric"
	prometheusKind        = "prometheus"

	quotaSpecType = "quota-spec"
)

// Kinds are all kinds, in the order of their names.
func Kinds() []Kind {
	return []Kind{
		{destinationPolicyKind, "destination-policy", "destinationpolicies"},
		{egressRuleKind, "egress-rule", "egressrules"},
		{quotaSpecKind, quotaSpecType, "quotaspecs"},
		{quotaSpecBindingKind, "quota-spec-binding", "quotaspecbindings"},
		{routeRuleKind, "route-rule", "routerules"},
		{checkNothingKind, checkNothingKind, "checknothings"},
		{denierKind, denierKind, "deniers"},
		{listCheckerKind, listCheckerKind, "listcheckers"},
		{listEntryKind, listEntryKind, "listentries"},
		{memQuotaKind, memQuotaKind, "memquotas"},
		{metricKind, metricKind, "metrics"},
		{prometheusKind, prometheusKind, "prometheuses"},
		{quotaKind, quotaKind, "quotas"},
		{ruleKind, ruleKind, "rules"},
	}
}

func kindOf(name string) (Kind, bool) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Kind == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}
