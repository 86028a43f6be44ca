package objects

import (
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/rules"
)

// Kind is a kind of object and its names: of rules and of manifests alike, so whoever names one needs no rules.
type Kind = rules.Kind

// PodKind is the one that is no manifest's.
const PodKind = "Pod"

// Kinds are all kinds, in the order in which `get all` shows them.
func Kinds() []Kind {
	const discovery, extensions = "discovery.k8s.io", "apiextensions.k8s.io"
	kinds := []Kind{
		{Kind: PodKind, Plural: "pods", Short: "po", Versions: "v1", Running: true},
		{Kind: "Service", Plural: "services", Short: "svc", Versions: "v1"},
		{Kind: "Deployment", Plural: "deployments", Group: "apps", Short: "deploy", Versions: "v1"},
		{Kind: "Ingress", Plural: "ingresses", Group: "networking.k8s.io", Short: "ing", Versions: "v1"},
		{Kind: "ServiceAccount", Plural: "serviceaccounts", Short: "sa", Versions: "v1"},
		{Kind: "Namespace", Plural: "namespaces", Short: "ns", Versions: "v1", Cluster: true},
		{Kind: "ReplicaSet", Plural: "replicasets", Group: "apps", Short: "rs", Versions: "v1", Running: true},
		{Kind: "Endpoints", Plural: "endpoints", Short: "ep", Versions: "v1", Running: true},
		{Kind: "EndpointSlice", Plural: "endpointslices", Group: discovery, Versions: "v1", Running: true},
		{Kind: "Event", Plural: "events", Short: "ev", Versions: "v1", Running: true},
		{Kind: "Node", Plural: "nodes", Short: "no", Versions: "v1", Cluster: true, Running: true},
		{
			Kind: "CustomResourceDefinition", Plural: "customresourcedefinitions", Group: extensions,
			Short: "crd,crds", Versions: "v1", Cluster: true, Running: true,
		},
		{Kind: "ConfigMap", Plural: "configmaps", Short: "cm", Versions: "v1"},
		{Kind: "Secret", Plural: "secrets", Versions: "v1"},
		{Kind: "HorizontalPodAutoscaler", Plural: "horizontalpodautoscalers", Group: "autoscaling", Short: "hpa", Versions: "v2"},
		{Kind: "PodDisruptionBudget", Plural: "poddisruptionbudgets", Group: "policy", Short: "pdb", Versions: "v1"},
		{Kind: "NetworkPolicy", Plural: "networkpolicies", Group: "networking.k8s.io", Short: "netpol", Versions: "v1"},
		{Kind: "Role", Plural: "roles", Group: "rbac.authorization.k8s.io", Versions: "v1"},
		{Kind: "RoleBinding", Plural: "rolebindings", Group: "rbac.authorization.k8s.io", Versions: "v1"},
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
		names := append(strings.Split(k.Short, ","), k.Singular(), k.Plural, k.Type)
		if name != "" && slices.Contains(names, name) && isIn(k, group) {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("the lab knows no kind %q%s", word, insteadOf(name))
}

// insteadOf ends the sentence about a kind that is not there.
func insteadOf(word string) string {
	for _, other := range absent() {
		if slices.Contains(strings.Fields(other.words), word) {
			return ": " + other.why
		}
	}
	if hint := Hint(word, names()); hint != "" {
		return hint
	}
	return "; bin/lab api-resources lists those it has"
}

type reason struct{ words, why string }

// absent are the kinds of a cluster that the lab has not, and why.
func absent() []reason {
	return []reason{
		{"statefulset statefulsets sts daemonset daemonsets ds job jobs cronjob cronjobs cj " +
			"replicationcontroller rc", "pods are those of Deployments"},
		{"pv pvc persistentvolume persistentvolumes persistentvolumeclaim persistentvolumeclaims " +
			"storageclass sc", "pods share this machine's files"},
		{"clusterrole clusterroles clusterrolebinding clusterrolebindings", "it has no users"},
	}
}

// names are the words for all kinds.
func names() []string {
	var list []string
	for _, k := range Kinds() {
		list = append(list, k.Plural, k.Singular())
	}
	return list
}

// isIn takes GROUP and VERSION.GROUP.
func isIn(k Kind, group string) bool {
	return group == "" || group == k.Group || strings.HasSuffix(group, "."+k.Group)
}

// written are the kinds that a file may have.
func written() []string {
	var list []string
	for _, k := range Kinds() {
		if !k.Running {
			list = append(list, k.Kind)
		}
	}
	return list
}

// misspelt is the kind that a file's word is a letter apart from; "" if it is one, but for its
// cases, or is none: there are kinds that the lab does not have.
func misspelt(word string) string {
	kinds := written()
	if slices.ContainsFunc(kinds, func(k string) bool { return strings.EqualFold(k, word) }) {
		return ""
	}
	return nearest(word, kinds, 6)
}
