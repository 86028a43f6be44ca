package filter

import (
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	forwardv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/dynamic_forward_proxy/v3"
	forwardfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/dynamic_forward_proxy/v3"
	rbacfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	upstreamv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/rbac/matchers/upstream_ip_port/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"istio-tutorial/lab/xds/message"
)

// DNSCache is the one cache of looked up names, which the step and all clusters share.
func DNSCache() *forwardv3.DnsCacheConfig {
	return &forwardv3.DnsCacheConfig{
		Name: "outside", DnsLookupFamily: clusterv3.Cluster_V4_PREFERRED,
	}
}

// Lookup is the steps that find the host of a request which goes anywhere; on other routes they do nothing.
func Lookup(p *message.Packer) []*hcmv3.HttpFilter {
	return []*hcmv3.HttpFilter{
		Step(p, "envoy.filters.http.dynamic_forward_proxy", &forwardfilterv3.FilterConfig{
			ImplementationSpecifier: &forwardfilterv3.FilterConfig_DnsCacheConfig{
				DnsCacheConfig: DNSCache(),
			},
			SaveUpstreamAddress: true, // for NotBack
		}),
		Step(p, backFilter, &rbacfilterv3.RBAC{}),
	}
}

// backFilter is the step that has the rule of NotBack; by itself it does nothing.
const backFilter = "envoy.filters.http.rbac.back"

// NotBack is for routes that lead anywhere, by the name of the step: it refuses a call once its host is looked up, if a
// proxy of the mesh listens there, at one of these ports of this machine: by a name, too, it would come back again and
// again. The ports are in routes, since a listener that changes drains.
func NotBack(p *message.Packer, ports []string) map[string]*anypb.Any {
	var refused []*rbacv3.Permission
	for _, port := range ports {
		number, err := strconv.ParseInt(port, 10, 64)
		if err != nil {
			continue // a port by its name is none of the lab's
		}
		refused = append(refused, &rbacv3.Permission{Rule: &rbacv3.Permission_Matcher{Matcher: &corev3.TypedExtensionConfig{
			Name: "envoy.rbac.matchers.upstream_ip_port",
			TypedConfig: p.Pack(&upstreamv3.UpstreamIpPortMatcher{
				UpstreamIp: cidr("127.0.0.0/8"), UpstreamPortRange: &typev3.Int64Range{Start: number, End: number + 1},
			}),
		}}})
	}
	if len(refused) == 0 {
		return nil
	}
	return map[string]*anypb.Any{backFilter: p.Pack(&rbacfilterv3.RBACPerRoute{Rbac: &rbacfilterv3.RBAC{
		Rules: &rbacv3.RBAC{Action: rbacv3.RBAC_DENY, Policies: map[string]*rbacv3.Policy{
			"a-sidecars-own-address": {Permissions: refused, Principals: []*rbacv3.Principal{anyPrincipal()}},
		}},
	}})}
}
