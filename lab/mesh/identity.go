package mesh

import (
	"cmp"
	"slices"
)

// Identity is who a workload is to others: an account of a namespace.
type Identity struct{ Namespace, Account string }

// Principal is the identity as rules name it.
func (i Identity) Principal() string {
	return Domain + "/ns/" + i.Namespace + "/sa/" + i.Account
}

// URI is the identity as certificates name it.
func (i Identity) URI() string { return "spiffe://" + i.Principal() }

// Mutual is whether mutual TLS is spoken.
type Mutual int

// Of a server: mutual TLS was not thought of, and whatever arrives is the program's; both are taken;
// mutual TLS only; plain text only. Of a client: plain text; what the server takes; mutual TLS,
// whatever the server takes.
const (
	Never Mutual = iota
	Permissive
	Strict
	Disabled
	Automatic
	Always
)

// String is the word of rules.
func (m Mutual) String() string {
	return [...]string{"NEVER", "PERMISSIVE", "STRICT", "DISABLE", "AUTOMATIC", "ISTIO_MUTUAL"}[m]
}

// Authentication is what a sidecar wants of those who connect to its workload.
type Authentication struct {
	Mode  Mutual
	From  string         // the rule's name, for the reader; "" for the default
	Ports map[int]Mutual // of the container, where they differ
	// PortsFrom is the rule that Ports are of.
	PortsFrom string
}

// At is what holds for a port of the container, and the rule that says so.
func (a Authentication) At(port int) (mode Mutual, from string) {
	if mode, ok := a.Ports[port]; ok {
		return mode, a.PortsFrom
	}
	return a.Mode, a.From
}

// IdentityOf is who an instance is.
func (t Topology) IdentityOf(i Instance) Identity {
	account := i.ServiceAccount
	if account == "" {
		w, _ := t.Workload(i.Workload)
		account = w.ServiceAccount
	}
	return Identity{Namespace: i.Namespace, Account: cmp.Or(account, "default")}
}

// IdentitiesAt are all that a client may meet at a cluster: those of its workloads, and those that
// instances still have.
func (t Topology) IdentitiesAt(c Cluster) []Identity {
	selects, _, ok := t.behind(Cluster{Host: c.Host, Port: c.Port})
	if !ok {
		return nil
	}
	var list []Identity
	for _, w := range t.Workloads {
		if selects(Instance{Name: w.Name, Labels: w.Labels}) {
			list = append(list, w.Identity())
		}
	}
	for _, i := range t.Instances {
		if selects(i) {
			list = append(list, t.IdentityOf(i))
		}
	}
	slices.SortFunc(list, func(a, b Identity) int { return cmp.Compare(a.URI(), b.URI()) })
	return slices.Compact(list)
}

// IngressIdentity is that of the ingress.
func IngressIdentity() Identity {
	return Identity{Namespace: "istio-system", Account: "istio-ingressgateway-service-account"}
}

// Identity is who the instances of a workload are.
func (w Workload) Identity() Identity {
	return Identity{Namespace: w.Namespace, Account: cmp.Or(w.ServiceAccount, "default")}
}

// Secret is what a proxy proves itself with, whom it believes, or both. All is PEM.
type Secret struct {
	Name string
	// Chain is a certificate and those that lead from it to an authority, Key its private key; none:
	// the secret proves nothing.
	Chain, Key []byte
	// Roots are the certificates of authorities; none: the secret says of nobody that they are to be
	// believed.
	Roots []byte
}
