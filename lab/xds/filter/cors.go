package filter

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
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
)

const corsFilter = "envoy.filters.http.cors"

// Cors is the step for the questions of browsers. It does nothing by itself: routes say whom it answers.
func Cors(p *message.Packer) *hcmv3.HttpFilter {
	return Step(p, corsFilter, &corsv3.Cors{})
}

// AnswerBrowsers has a route answer the questions of browsers.
func AnswerBrowsers(p *message.Packer, route *routev3.Route, c *mesh.Cors) {
	if c == nil {
		return
	}
	policy := &corsv3.CorsPolicy{
		AllowMethods: strings.Join(c.Methods, ","), AllowHeaders: strings.Join(c.Headers, ","),
		ExposeHeaders:                strings.Join(c.Expose, ","),
		FilterEnabled:                &corev3.RuntimeFractionalPercent{DefaultValue: message.Percent(100)},
		ForwardNotMatchingPreflights: wrapperspb.Bool(c.Forward),
	}
	for _, origin := range c.Origins {
		policy.AllowOriginStringMatch = append(policy.AllowOriginStringMatch, match.Text(origin))
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
	route.TypedPerFilterConfig[corsFilter] = p.Pack(policy)
}
