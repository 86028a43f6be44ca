package mesh

import "cmp"

// Identity is who a workload is to others: an account of a namespace.
type Identity struct{ Namespace, Account string }

// Principal is the identity as rules name it.
func (i Identity) Principal() string {
	return Domain + "/ns/" + i.Namespace + "/sa/" + i.Account
}

// URI is the identity as certificates name it.
func (i Identity) URI() string { return "spiffe://" + i.Principal() }

// IngressIdentity is that of the ingress.
func IngressIdentity() Identity {
	return Identity{Namespace: "istio-system", Account: "istio-ingressgateway-service-account"}
}

// Identity is who the instances of a workload are.
func (w Workload) Identity() Identity {
	return Identity{Namespace: w.Namespace, Account: cmp.Or(w.ServiceAccount, "default")}
}

// Identity is who the instance is.
func (i Instance) Identity() Identity {
	return Identity{Namespace: i.Namespace, Account: cmp.Or(i.ServiceAccount, "default")}
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
