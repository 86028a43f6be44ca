package xds_test

func fieldsOfV1() []bounded {
	on := func(before, after string, values valuesOf) bounded {
		return bounded{kind: inVirtualService + "  - ", before: before, after: after + "\n" + toSome, values: values}
	}
	list := []bounded{
		on("match: [{uri: {regex: ", "}}]", expressions()),
		on("match: [{uri: {prefix: ", "}}]", someTexts()),
		on("match: [{uri: {exact: ", "}}]", someTexts()),
		on("match: [{headers: {x: {regex: ", "}}}]", expressions()),
		on("match: [{headers: {x: {prefix: ", "}}}]", someTexts()),
		on("match: [{headers: {", ": {exact: a}}}]", headerNames()),
		on("match: [{withoutHeaders: {x: {regex: ", "}}}]", expressions()),
		on("match: [{queryParams: {", ": {exact: a}}}]", someTexts()),
		on("match: [{queryParams: {a: {regex: ", "}}}]", expressions()),
		on("match: [{queryParams: {a: {prefix: ", "}}}]", someTexts()),
		on("match: [{method: {prefix: ", "}}]", someTexts()),
		on("match: [{scheme: {prefix: ", "}}]", someTexts()),
		on("match: [{authority: {prefix: ", "}}]", someTexts()),
		on("headers: {request: {set: {x-a: ", "}}}", commands()),
		on("headers: {response: {add: {x-a: ", "}}}", commands()),
		on("headers: {request: {add: {", ": a}}}", headerNames()),
		on("headers: {request: {remove: [", "]}}", headerNames()),
		on("headers: {response: {set: {", ": a}}}", headerNames()),
		on("rewrite: {uri: ", "}", someTexts()),
		on("rewrite: {authority: ", "}", someTexts()),
		on("rewrite: {uriRegexRewrite: {rewrite: /, match: ", "}}", expressions()),
		on("rewrite: {uriRegexRewrite: {match: a, rewrite: ", "}}", someTexts(`\9`, `\x`)),
	}
	for _, f := range []bounded{
		on("timeout: ", "", times()),
		on("retries: {attempts: 2, perTryTimeout: ", "}", times()),
		on("retries: {attempts: 2, backoff: ", "}", times()),
		on("retries: {attempts: ", "}", numbers()),
		on("fault: {delay: {percentage: {value: 1}, fixedDelay: ", "}}", times()),
		on("fault: {abort: {percentage: {value: 1}, httpStatus: ", "}}", statuses()),
	} {
		f.plain = true
		list = append(list, f)
	}
	return append(append(list, endsOfV1()...), policiesOfV1()...)
}

// endsOfV1 are routes without a destination.
func endsOfV1() []bounded {
	end := func(before, after string, values valuesOf, plain bool) bounded {
		return bounded{kind: inVirtualService + "  - ", before: before, after: after, values: values, plain: plain}
	}
	return []bounded{
		end("redirect: {uri: ", "}", someTexts(), false),
		end("redirect: {authority: ", "}", someTexts(), false),
		end("redirect: {uri: /a, redirectCode: ", "}", statuses(), true),
		end("directResponse: {status: ", "}", statuses(), true),
		end("directResponse: {status: 200, body: {string: ", "}}", someTexts(long(4096), long(4097), long(1<<20-400)), false),
	}
}

const inLimitFilter = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: x}
spec:
  workloadSelector: {labels: {app: recommendation}}
  configPatches:
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND, listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: x
          filter_enabled: {default_value: {numerator: 100}}
          filter_enforced: {default_value: {numerator: 100}}
`

func policiesOfV1() []bounded {
	policy := func(before, after string, values valuesOf, plain bool) bounded {
		return bounded{kind: inDestinationRule, before: before, after: after, values: values, plain: plain}
	}
	const header = `          token_bucket: {max_tokens: 2, tokens_per_fill: 2, fill_interval: 1s}
          response_headers_to_add: [{append_action: OVERWRITE_IF_EXISTS_OR_ADD, header: {`
	const telemetry = `apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: x}
spec: {metrics: [{providers: [{name: prometheus}], overrides: [{match: {metric: REQUEST_COUNT, mode: SERVER}, tagOverrides: {a: {value: `
	return []bounded{
		policy("{loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: ", "}}}}",
			numbers("1024", "8388609"), true),
		policy("{loadBalancer: {consistentHash: {useSourceIp: true, minimumRingSize: ", "}}}", numbers("8388609"), true),
		policy("{loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: ", "}}}}",
			numbers("2", "3", "4", "65537", "5000011", "5000077"), true),
		policy("{loadBalancer: {consistentHash: {httpHeaderName: ", "}}}", headerNames(), false),
		policy("{loadBalancer: {consistentHash: {httpQueryParameterName: ", "}}}", someTexts(), false),
		policy("{loadBalancer: {consistentHash: {httpCookie: {ttl: 1s, name: ", "}}}}", someTexts(), false),
		policy("{loadBalancer: {consistentHash: {httpCookie: {ttl: 1s, name: a, path: ", "}}}}", someTexts(), false),
		policy("{loadBalancer: {consistentHash: {httpCookie: {name: a, ttl: ", "}}}}", times(), true),
		policy("{connectionPool: {tcp: {connectTimeout: ", "}}}", times(), true),
		policy("{connectionPool: {tcp: {maxConnections: ", "}}}", numbers(), true),
		policy("{connectionPool: {http: {http1MaxPendingRequests: ", "}}}", numbers(), true),
		policy("{connectionPool: {http: {maxRequestsPerConnection: ", "}}}", numbers(), true),
		policy("{outlierDetection: {interval: ", "}}", times(), true),
		policy("{outlierDetection: {baseEjectionTime: ", "}}", times(), true),
		policy("{outlierDetection: {consecutive5xxErrors: ", "}}", numbers(), true),
		policy("{outlierDetection: {maxEjectionPercent: ", "}}", numbers("100", "101"), true),
		policy("{outlierDetection: {minHealthPercent: ", "}}", numbers("100", "101"), true),
		policy("{tls: {mode: SIMPLE, sni: ", "}}", someTexts(long(255), long(256)), false),
		{kind: inLimitFilter, before: header + "key: x-a, value: ", after: "}}]", values: commands()},
		{kind: inLimitFilter, before: header + "value: a, key: ", after: "}}]", values: headerNames()},
		{kind: inLimitFilter, before: "          token_bucket: {fill_interval: 1s, tokens_per_fill: 2, max_tokens: ", after: "}",
			values: numbers("2"), plain: true},
		{kind: inLimitFilter, before: "          token_bucket: {max_tokens: 2, tokens_per_fill: 2, fill_interval: ", after: "}",
			values: times(), plain: true},
		{kind: telemetry, after: "}}}]}]}", values: fixed(
			"request.headers['a']", "request.headers['a b']", "request.headers['a(b']", "request.headers['é']",
			"request.headers['x_a!']", "request.method", "'a'", "request.headers['"+long(16384)+"']")},
	}
}

func fieldsOf2018() []bounded {
	on := func(before, after string, values valuesOf, plain bool) bounded {
		return bounded{kind: inRouteRule, before: before, after: after, values: values, plain: plain}
	}
	const policy = "apiVersion: config.istio.io/v1alpha2\nkind: DestinationPolicy\nmetadata: {name: x}\n" +
		"spec: {destination: {name: recommendation, labels: {version: v1}}, circuitBreaker: {simpleCb: {"
	const metric = "apiVersion: config.istio.io/v1alpha2\nkind: metric\nmetadata: {name: m}\nspec:\n  value: \"1\"\n  dimensions:\n    a: "
	const counted = `
---
apiVersion: config.istio.io/v1alpha2
kind: prometheus
metadata: {name: h}
spec: {metrics: [{name: m, instanceName: m.metric.istio-tutorial, kind: COUNTER, labelNames: [a]}]}
---
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: r}
spec: {actions: [{handler: h.prometheus, instances: [m.metric]}]}
`
	return []bounded{
		on("  match: {request: {headers: {x: {regex: ", "}}}}", expressions(), false),
		on("  match: {request: {headers: {x: {prefix: ", "}}}}", someTexts(), false),
		on("  match: {request: {headers: {x: {exact: ", "}}}}", someTexts(), false),
		on("  match: {request: {headers: {uri: {regex: ", "}}}}", expressions(), false),
		on("  match: {request: {headers: {uri: {prefix: ", "}}}}", someTexts(), false),
		on("  match: {request: {headers: {", ": {exact: a}}}}", headerNames(), false),
		on("  match: {request: {headers: {x: {regex: ", "}}}}\n  httpFault: {abort: {percent: 5, httpStatus: 503}}", expressions(), false),
		on("  httpReqTimeout: {simpleTimeout: {timeout: ", "}}", times(), true),
		on("  httpReqRetries: {simpleRetry: {attempts: 2, perTryTimeout: ", "}}", times(), true),
		on("  httpReqRetries: {simpleRetry: {perTryTimeout: 1s, attempts: ", "}}", numbers(), true),
		on("  httpFault: {delay: {percent: 5, fixedDelay: ", "}}", times(), true),
		on("  httpFault: {abort: {percent: 5, httpStatus: ", "}}", statuses(), true),
		{kind: policy, before: "sleepWindow: 1s, httpDetectionInterval: ", after: "}}}", values: times(), plain: true},
		{kind: policy, before: "httpDetectionInterval: 1s, sleepWindow: ", after: "}}}", values: times(), plain: true},
		{kind: policy, before: "httpDetectionInterval: 1s, sleepWindow: 1s, maxConnections: ", after: "}}}",
			values: numbers(), plain: true},
		{kind: policy, before: "httpDetectionInterval: 1s, sleepWindow: 1s, httpMaxEjectionPercent: ", after: "}}}",
			values: numbers("100", "101"), plain: true},
		{kind: metric, after: counted, values: fixed(
			`request.headers["a"]`, `request.headers["a b"]`, `request.headers["é"]`, `request.headers[""]`,
			`request.headers["a:b"]`, `request.path | "x"`)},
	}
}

func fieldsOfGateway() []bounded {
	on := func(before, after string, values valuesOf, plain bool) bounded {
		return bounded{kind: inHTTPRoute + "  - ", before: before, after: after + "\n" + toBackend, values: values, plain: plain}
	}
	end := func(before, after string, values valuesOf, plain bool) bounded {
		return bounded{kind: inHTTPRoute + "  - ", before: before, after: after, values: values, plain: plain}
	}
	paths := func() valuesOf {
		return someTexts("/a", "/(a", "/a+b", "/a?b", "/a#", "/a%20b", "/a\nb", "/a//b", "/[")
	}
	return []bounded{
		on("matches: [{path: {type: PathPrefix, value: ", "}}]", paths(), false),
		on("matches: [{path: {type: Exact, value: ", "}}]", paths(), false),
		on("matches: [{path: {type: RegularExpression, value: ", "}}]", expressions(), false),
		on("matches: [{headers: [{name: x, type: RegularExpression, value: ", "}]}]", expressions(), false),
		on("matches: [{headers: [{value: a, name: ", "}]}]", headerNames(), false),
		on("matches: [{queryParams: [{name: a, type: RegularExpression, value: ", "}]}]", expressions(), false),
		on("matches: [{queryParams: [{value: a, name: ", "}]}]", someTexts(), false),
		on("filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: ", "}]}}]", commands(), false),
		on("filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{value: a, name: ", "}]}}]", headerNames(), false),
		on("filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [", "]}}]", headerNames(), false),
		on("filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-a, value: ", "}]}}]", commands(), false),
		on("filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: ", "}}}]", someTexts(), false),
		on("matches: [{path: {type: PathPrefix, value: /a}}]\n    filters: [{type: URLRewrite, urlRewrite: "+
			"{path: {type: ReplacePrefixMatch, replacePrefixMatch: ", "}}}]", someTexts(), false),
		on("filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]\n"+
			"    matches: [{path: {type: PathPrefix, value: ", "}}]", paths(), false),
		on("timeouts: {request: ", "}", fixed("0s", "1ms", "1us", "99999h99999h99999h99999h", "99999h99999h99999h99999h1s"), true),
		end("filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: ", "}}}]", someTexts(), false),
		end("filters: [{type: RequestRedirect, requestRedirect: {hostname: ", "}}]", someTexts(), false),
		end("filters: [{type: RequestRedirect, requestRedirect: {hostname: a, statusCode: ", "}}]", statuses(), true),
	}
}
