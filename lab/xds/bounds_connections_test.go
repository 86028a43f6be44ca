package xds_test

import "strings"

// connectionsOfV1 are fields of connections that nobody reads.
func connectionsOfV1() []bounded {
	in := func(spec string) string {
		return hostsWithTLS + "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\nspec: {hosts: ['*.test'], " + spec
	}
	const tunnel = hostsWithTLS + "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}\nspec: {host: a.test, trafficPolicy: {tunnel: {"
	hosts := someTexts("a.test", "*.test", "A.test", "*", "1.2.3.4", "a.test.", "*a.test", long(60)+".test", long(64)+".test")
	return []bounded{
		{kind: in("tls: [{match: [{sniHosts: ["), after: "]}], route: [{destination: {host: b.test}}]}]}", values: hosts},
		{kind: in("tls: [{match: [{sniHosts: [a.test], port: "), after: "}], route: [{destination: {host: b.test}}]}]}",
			values: numbers("443", "65535", "65536"), plain: true},
		{kind: in("tls: [{match: [{sniHosts: [a.test], destinationSubnets: ["), after: "]}], route: [{destination: {host: b.test}}]}]}",
			values: someTexts("10.0.0.0/8", "10.0.0.1", "10.0.0.0/33", "::1/128", "fe80::%eth0/64")},
		{kind: in("tls: [{match: [{sniHosts: [a.test]}], route: [{destination: {host: b.test}}, {destination: {host: a.test}, weight: "),
			after: "}]}]}", values: numbers("100"), plain: true},
		{kind: in("tcp: [{route: [{destination: {host: b.test, port: {number: "), after: "}}}]}]}",
			values: numbers("443", "65535", "65536"), plain: true},
		{kind: tunnel, before: "targetPort: 80, targetHost: ", after: "}}}", values: hosts},
		{kind: tunnel, before: "targetHost: a.test, targetPort: ", after: "}}}", values: numbers("65535", "65536"), plain: true},
	}
}

// limitsOfV1 are fields of limits at routes.
func limitsOfV1() []bounded {
	const own = "            descriptors:\n            - entries: [{key: header_match, value: few}]\n"
	with := func(old, before, after string, values valuesOf, plain bool) bounded {
		head, tail, found := strings.Cut(pathTokens, old)
		if !found {
			panic(old)
		}
		return bounded{kind: head, before: before, after: after + tail, values: values, plain: plain}
	}
	return []bounded{
		with("value: few}]", "value: ", "}]", someTexts(), false),
		with("key: header_match,", "key: ", ",", someTexts(), false),
		with("descriptor_value: few", "descriptor_value: ", "", someTexts(), false),
		with(`name: ":path"`, "name: ", "", headerNames(), false),
		with("prefix: /few, ignore_case: true", "safe_regex: {regex: ", "}", expressions(), false),
		with("prefix: /few", "suffix: ", "", someTexts(), false),
		with("prefix: /few", "prefix: ", "", someTexts(), false),
		with("- actions: [{remote_address: {}}]", "- actions: [{generic_key: {descriptor_value: ", "}}]", someTexts(), false),
		with("- actions: [{remote_address: {}}]", "- actions: [{request_headers: {descriptor_key: a, header_name: ", "}}]", headerNames(), false),
		with("tokens_per_fill: 5", "tokens_per_fill: ", "", numbers("5"), true),
		with("max_tokens: 1, tokens_per_fill: 1", "max_tokens: ", "", numbers("5"), true),
		with("stat_prefix: test_enabled", "stat_prefix: a\n            status: {code: ", "}", statuses(), true),
		with("filter_enabled: {default_value: {numerator: 100}}", "filter_enabled: {default_value: {denominator: MILLION, numerator: ", "}}",
			numbers("1000000", "1000001"), true),
		with("token_bucket: {max_tokens: 5, tokens_per_fill: 5, fill_interval: 3600s}",
			"token_bucket: {max_tokens: 5, tokens_per_fill: 5, fill_interval: ", "}", times(), true),
		with(own, own[:strings.Index(own, "- entries")]+"- entries: [{value: a, key: ", "}]\n", someTexts(), false),
	}
}
