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

import "istio-tutorial/lab/rules"

// APIVersion is the one that all kinds of this package have.
const APIVersion = group + "/" + version

const (
	group   = "config.istio.io"
	version = "v1alpha2"
)

// Mixer's kinds, which its rules name.
const (
	checkNothingKind = "checknothing"
	denierKind       = "denier"
	listCheckerKind  = "listchecker"
	listEntryKind    = "listentry"
	memQuotaKind     = "memquota"
	metricKind       = "metric"
	prometheusKind   = "prometheus"
	quotaKind        = "quota"

	quotaSpecType = "quota-spec"
)

// Kinds are all kinds, in the order of their names.
func Kinds() []rules.Kind { return table().Kinds() }

func table() rules.Table[*validator, inspector] {
	return rules.Table[*validator, inspector]{
		row("DestinationPolicy", "destination-policy", "destinationpolicies",
			(*validator).destinationPolicy, inspector.destinationPolicy),
		row("EgressRule", "egress-rule", "egressrules", (*validator).egressRule, inspector.egressRule),
		row("QuotaSpec", quotaSpecType, "quotaspecs", (*validator).quotaSpec, inspector.quotaSpec),
		row("QuotaSpecBinding", "quota-spec-binding", "quotaspecbindings",
			(*validator).quotaSpecBinding, inspector.quotaSpecBinding),
		row("RouteRule", "route-rule", "routerules", (*validator).routeRule, inspector.routeRule),
		mixer(checkNothingKind, "checknothings", unchecked[checkNothing], unused),
		mixer(denierKind, "deniers", (*validator).denier, unused),
		mixer(listCheckerKind, "listcheckers", (*validator).listChecker, unused),
		mixer(listEntryKind, "listentries", (*validator).listEntry, unused),
		mixer(memQuotaKind, "memquotas", (*validator).memQuota, unused),
		mixer(metricKind, "metrics", (*validator).metric, unused),
		mixer(prometheusKind, "prometheuses", (*validator).prometheus, unused),
		mixer(quotaKind, "quotas", unchecked[quota], unused),
		mixer("rule", "rules", (*validator).mixerRule, inspector.mixerRule),
	}
}

func row[S any](
	kind, istioctl, plural string,
	validate func(*validator, *S), inspect func(inspector, rules.Typed[S]) []rules.Finding,
) rules.Row[*validator, inspector] {
	return rules.NewRow(rules.Kind{
		Kind: kind, Type: istioctl, Plural: plural, Group: group, Versions: version,
	}, validate, inspect)
}

// mixer is the row of a kind that has one name for all.
func mixer[S any](
	kind, plural string,
	validate func(*validator, *S), inspect func(inspector, rules.Typed[S]) []rules.Finding,
) rules.Row[*validator, inspector] {
	return row(kind, kind, plural, validate, inspect)
}
