package v1

import (
	"net/netip"
	"regexp"
	"strings"

	security "istio.io/api/security/v1beta1"

	"istio-tutorial/lab/mesh"
)

const scheme = "spiffe://"

// peerTerms are what a source wants of the identity that the caller's certificate proves: without a
// certificate none of the lists has it, and none of those that exclude.
func peerTerms(terms mesh.AccessTerms, s *security.Source, namespace string) mesh.AccessTerms {
	account := func(text string) mesh.Condition { return accountPattern(text, namespace) }
	for _, l := range []struct {
		values, others []string
		pattern        func(string) mesh.Condition
	}{
		{s.GetPrincipals(), s.GetNotPrincipals(), principalPattern},
		{s.GetNamespaces(), s.GetNotNamespaces(), namespacePattern},
		{s.GetServiceAccounts(), s.GetNotServiceAccounts(), account},
		{s.GetTrustDomains(), s.GetNotTrustDomains(), domainPattern},
		{s.GetIpBlocks(), s.GetNotIpBlocks(), addressPattern(mesh.Address)},
		{s.GetRemoteIpBlocks(), s.GetNotRemoteIpBlocks(), addressPattern(mesh.Client)},
	} {
		terms = addTerms(terms, func(values []string) mesh.AccessTerm {
			var t mesh.AccessTerm
			for _, text := range values {
				t.Conditions = append(t.Conditions, l.pattern(text))
			}
			return t
		}, l.values, l.others)
	}
	return terms
}

func peer(compare mesh.Comparison, value string) mesh.Condition {
	return mesh.Condition{Attribute: mesh.Peer, Compare: compare, Value: value}
}

func principalPattern(text string) mesh.Condition {
	c := pattern(mesh.Condition{Attribute: mesh.Peer}, text)
	if c.Compare == mesh.Exact || c.Compare == mesh.Prefix {
		c.Value = scheme + c.Value
	}
	return c
}

// namespacePattern takes * anywhere, as Istio does.
func namespacePattern(text string) mesh.Condition {
	return peer(mesh.Regex, ".*/ns/"+strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*")+"/.*")
}

// accountPattern is of an account of a namespace, by itself of the policy's own.
func accountPattern(text, namespace string) mesh.Condition {
	if in, account, ok := strings.Cut(text, "/"); ok {
		namespace, text = in, account
	}
	return peer(mesh.Regex, scheme+".+/ns/"+regexp.QuoteMeta(namespace)+"/(.+/|)sa/"+regexp.QuoteMeta(text)+"(/.+)?")
}

func domainPattern(text string) mesh.Condition {
	if text == "*" {
		return peer(mesh.Prefix, scheme)
	}
	return peer(mesh.Regex, scheme+strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, "[^/]*")+"/.*")
}

// addressPattern is of ranges, or of single addresses, which the validator has looked at.
func addressPattern(of mesh.Attribute) func(string) mesh.Condition {
	return func(text string) mesh.Condition {
		block, _ := addressBlock(text)
		return mesh.Condition{Attribute: of, Compare: mesh.Within, Value: block.String()}
	}
}

// addressBlock reads an address or a range of them.
func addressBlock(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	return netip.PrefixFrom(address, address.BitLen()), err
}
