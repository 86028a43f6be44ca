package objects

import (
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/rules"
)

// Kind is a kind of object and its names.
type Kind = rules.Kind

// PodKind is the one that is no manifest's.
const PodKind = "Pod"

// Kinds are all kinds, in the order in which `get all` shows them.
func Kinds() []Kind {
	kinds := []Kind{
		{Kind: PodKind, Plural: "pods", Short: "po", Running: true},
		{Kind: "Service", Plural: "services", Short: "svc"},
		{Kind: "Deployment", Plural: "deployments", Group: "apps", Short: "deploy"},
		{Kind: "Ingress", Plural: "ingresses", Group: "networking.k8s.io", Short: "ing"},
		{Kind: "ServiceAccount", Plural: "serviceaccounts", Short: "sa"},
		{Kind: "Namespace", Plural: "namespaces", Short: "ns", Cluster: true},
		{Kind: "ConfigMap", Plural: "configmaps", Short: "cm"},
		{Kind: "Secret", Plural: "secrets"},
		{Kind: "HorizontalPodAutoscaler", Plural: "horizontalpodautoscalers", Group: "autoscaling", Short: "hpa"},
		{Kind: "PodDisruptionBudget", Plural: "poddisruptionbudgets", Group: "policy", Short: "pdb"},
		{Kind: "NetworkPolicy", Plural: "networkpolicies", Group: "networking.k8s.io", Short: "netpol"},
		{Kind: "Role", Plural: "roles", Group: "rbac.authorization.k8s.io"},
		{Kind: "RoleBinding", Plural: "rolebindings", Group: "rbac.authorization.k8s.io"},
	}
	for _, d := range dialects() {
		kinds = append(kinds, d.kinds...)
	}
	return kinds
}

// missing is the error about an object of a kind.
func missing(k Kind, name string) error { return fmt.Errorf("%s %q not found", k, name) }

// kindOf is the kind of a file's word: that of its group, else one of another group.
func kindOf(word, group string) Kind {
	found := Kind{Kind: word, Plural: strings.ToLower(word), Group: group}
	known := false
	for _, k := range Kinds() {
		switch {
		case k.Kind == word && k.Group == group:
			return k
		case k.Kind == word && !known:
			found, known = k, true
		}
	}
	return found
}

// group is that of an API version; "" is Kubernetes' core.
func group(apiVersion string) string {
	name, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return name
}

// FindKind is the kind that an argument names, in any spelling of kubectl or istioctl: pods, pod,
// po, deployments.apps, routerule, route-rule, vs. Of kinds of one name it is the first.
func FindKind(word string) (Kind, error) {
	name, group, _ := strings.Cut(strings.ToLower(word), ".")
	for _, k := range Kinds() {
		names := []string{k.Singular(), k.Plural, k.Short, k.Type}
		if name != "" && slices.Contains(names, name) && isIn(k, group) {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("the lab knows no kind %q; it has %s", word, plurals())
}

// isIn takes GROUP and VERSION.GROUP.
func isIn(k Kind, group string) bool {
	return group == "" || group == k.Group || strings.HasSuffix(group, "."+k.Group)
}

func plurals() string {
	var list []string
	for _, k := range Kinds() {
		list = append(list, k.Plural)
	}
	return strings.Join(list, ", ")
}
