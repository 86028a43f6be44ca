package xds

import (
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio-tutorial/lab/mesh"
)

const corsFilter = "envoy.filters.http.cors"

// corsFilters do nothing by themselves: routes say whom they answer.
func (b *builder) corsFilters() []*hcmv3.HttpFilter {
	return []*hcmv3.HttpFilter{b.filter(corsFilter, &corsv3.Cors{})}
}

// answerBrowsers has a route answer the questions of browsers.
func (b *builder) answerBrowsers(route *routev3.Route, c *mesh.Cors) {
	if c == nil {
		return
	}
	policy := &corsv3.CorsPolicy{
		AllowMethods: strings.Join(c.Methods, ","), AllowHeaders: strings.Join(c.Headers, ","),
		ExposeHeaders:                strings.Join(c.Expose, ","),
		FilterEnabled:                &corev3.RuntimeFractionalPercent{DefaultValue: percent(100)},
		ForwardNotMatchingPreflights: wrapperspb.Bool(c.Forward),
	}
	for _, origin := range c.Origins {
		policy.AllowOriginStringMatch = append(policy.AllowOriginStringMatch, text(origin))
	}
	if c.MaxAge != nil {
		policy.MaxAge = strconv.Itoa(int(c.MaxAge.Seconds()))
	}
	if c.Credentials != nil {
		policy.AllowCredentials = wrapperspb.Bool(*c.Credentials)
	}
	if route.TypedPerFilterConfig == nil {
		route.TypedPerFilterConfig = map[string]*anypb.Any{}
	}
	route.TypedPerFilterConfig[corsFilter] = b.pack(policy)
}
