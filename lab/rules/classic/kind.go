// Package classic reads the rules of Istio 0.7.1, API config.istio.io/v1alpha2, and turns them
// into mesh values with the meaning that they had there: the highest precedence first and nothing
// after the first rule without condition, policies by exact labels and one per cluster, faults
// by cluster whatever the route, Mixer's answers byte for byte.
//
// Features that the tutorial does not use are refused with "not supported by the lab": L4 faults
// and matches and exponential delays, which 0.7.1 refused itself, custom policies, egress of TCP and to
// address ranges, list providers and entry types other than STRINGS, quota specs bound by labels or
// conditions, metrics other than counters of 1, and of Mixer's expressions ip, timestamp and conditions of the request.
package classic

import (
	"cmp"
	"strings"

	"istio-tutorial/lab/rules"
)

// APIVersion is the one that all kinds of this package have.
const APIVersion = group + "/" + version

// Has reports whether an API version is of this package: 0.7.1 did not look at the version.
func Has(apiVersion string) bool { return strings.HasPrefix(apiVersion, group+"/") }

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
		row(checkNothingKind, "", "checknothings", unchecked[checkNothing], unused),
		row(denierKind, "", "deniers", (*validator).denier, unused),
		row(listCheckerKind, "", "listcheckers", (*validator).listChecker, unused),
		row(listEntryKind, "", "listentries", (*validator).listEntry, unused),
		row(memQuotaKind, "", "memquotas", (*validator).memQuota, unused),
		row(metricKind, "", "metrics", (*validator).metric, unused),
		row(prometheusKind, "", "prometheuses", (*validator).prometheus, unused),
		row(quotaKind, "", "quotas", unchecked[quota], unused),
		row("rule", "", "rules", (*validator).mixerRule, inspector.mixerRule),
	}
}

// row is that of a kind; Mixer's had one name for all, so istioctl's is "".
func row[S any](
	kind, istioctl, plural string,
	validate func(*validator, *S), inspect func(inspector, rules.Typed[S]) []rules.Finding,
) rules.Row[*validator, inspector] {
	return rules.NewRow(rules.Kind{
		Kind: kind, Type: cmp.Or(istioctl, kind), Plural: plural, Group: group, Versions: version,
	}, validate, inspect)
}
