package v1

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
)

// routingClaim begins the name of what is no header, but a claim to choose a route by.
const routingClaim = "@request.auth.claims"

// claimsRouted are the names down to the claim that a name of a header means, with dots or, better, in
// brackets; nil if it means none.
func claimsRouted(name string) []string {
	if !strings.HasPrefix(strings.ToLower(name), routingClaim) {
		return nil
	}
	rest := name[len(routingClaim):]
	if dotted, ok := strings.CutPrefix(rest, "."); ok && dotted != "" {
		return strings.Split(dotted, ".")
	}
	return claimsIn(rest)
}

// onClaim is a condition of a claim; false if the name is a header's.
func onClaim(name string) (mesh.Condition, bool) {
	path := claimsRouted(name)
	return claimCondition(path...), path != nil
}

// claimRoutes takes claims at gateways alone: nobody else reads tokens before it chooses a route.
func (v *validator) claimRoutes(s *networking.VirtualService) {
	isDelegate := len(s.Hosts) == 0
	if isDelegate || slices.ContainsFunc(s.Gateways, func(name string) bool { return name != meshGateway }) {
		return
	}
	for at, name := range claimHeaders(s) {
		v.Fail(at, "JWT claim based routing (key: %s) is only supported for gateway, found no gateways: %v",
			name, s.Gateways)
	}
}

// claimHeaders are the headers of a rule that mean claims, by their paths.
func claimHeaders(s *networking.VirtualService) map[string]string {
	found := map[string]string{}
	for i, route := range s.Http {
		for j, m := range route.Match {
			at := rules.At(rules.At("spec.http", i)+".match", j)
			for field, headers := range map[string]map[string]*networking.StringMatch{
				".headers": m.Headers, ".withoutHeaders": m.WithoutHeaders,
			} {
				for name := range headers {
					if claimsRouted(name) != nil {
						found[document.Join(at+field, name)] = name
					}
				}
			}
		}
	}
	return found
}

// ingressPod is what messages call the pod of the ingress, which is no pod in the lab.
const ingressPod = "istio-ingressgateway"

// claimRouteNotes tell of routes by claims at a gateway whose pod checks no tokens.
func (i inspector) claimRouteNotes(r virtualService) []rules.Finding {
	headers := claimHeaders(r.Spec)
	if len(headers) == 0 || len(i.tokenRulesOf(i.selectsIngress)) > 0 {
		return nil
	}
	at := sortedKeys(headers)[0]
	var list []rules.Finding
	for _, name := range r.Spec.Gateways {
		full := fullGateway(name, r.Key.Namespace)
		if slices.ContainsFunc(i.gateways, func(g gateway) bool {
			return g.Key.Path() == full && ingressLabels().Has(g.Spec.Selector)
		}) {
			list = append(list, failed(at, rules.NoTokensAtEdge, "The virtual service uses the JWT claim based "+
				"routing (key: %s) but found no request authentication for the gateway (%s) pod (%s). The request "+
				"authentication must first be applied for the gateway pods to validate the JWT token and make the "+
				"claims available for routing.", headers[at], full, ingressPod))
		}
	}
	return list
}
