package route

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/message"
)

// Hashing are the clusters that have requests which are alike.
func Hashing(out mesh.Outbound) []mesh.Upstream {
	var list []mesh.Upstream
	for _, u := range out.Clusters {
		if u.Policy.Hash != nil {
			list = append(list, u)
		}
	}
	return list
}

// Hashes say for each of a route's clusters which requests are alike.
func Hashes(destinations []mesh.Destination, hashing []mesh.Upstream) []mesh.Hash {
	var list []mesh.Hash
	for _, d := range destinations {
		for _, u := range hashing {
			if u.Cluster.Key() == d.Cluster.Key() {
				list = append(list, *u.Policy.Hash)
			}
		}
	}
	return list
}

// hashPolicies are those of all clusters of a route: Envoy puts them together.
func hashPolicies(hashes []mesh.Hash) []*routev3.RouteAction_HashPolicy {
	var list []*routev3.RouteAction_HashPolicy
	for _, h := range hashes {
		if k := key(h); k != nil {
			list = append(list, k)
		}
	}
	return list
}

// key is nil where no request is like another.
func key(h mesh.Hash) *routev3.RouteAction_HashPolicy {
	switch {
	case h.Header != "":
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Header_{
			Header: &routev3.RouteAction_HashPolicy_Header{HeaderName: h.Header},
		}}
	case h.Query != "":
		return &routev3.RouteAction_HashPolicy{
			PolicySpecifier: &routev3.RouteAction_HashPolicy_QueryParameter_{
				QueryParameter: &routev3.RouteAction_HashPolicy_QueryParameter{Name: h.Query},
			},
		}
	case h.Cookie != nil:
		return &routev3.RouteAction_HashPolicy{PolicySpecifier: &routev3.RouteAction_HashPolicy_Cookie_{
			Cookie: &routev3.RouteAction_HashPolicy_Cookie{
				Name: h.Cookie.Name, Path: h.Cookie.Path, Ttl: message.Duration(h.Cookie.Lifetime),
			},
		}}
	case h.Connection:
		return &routev3.RouteAction_HashPolicy{
			PolicySpecifier: &routev3.RouteAction_HashPolicy_ConnectionProperties_{
				ConnectionProperties: &routev3.RouteAction_HashPolicy_ConnectionProperties{
					SourceIp: h.Address,
				},
			},
		}
	default:
		return nil
	}
}
