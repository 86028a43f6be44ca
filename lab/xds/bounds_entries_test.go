package xds_test

// fieldsOfEntries are those of hosts outside, and of Sidecars.
func fieldsOfEntries() []bounded {
	const entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x}\nspec: "
	const sidecar = "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: x}\nspec: "
	const ports = "ports: [{number: 80, name: http, protocol: HTTP}]"
	const tcp = "ports: [{number: 81, name: tcp, protocol: TCP}]"
	hosts := func() valuesOf {
		return someTexts("*", "*.a.test", "*a.test", "*-a.test", "a.*.test", "a", "A.Test", "a.test.", "1.2.3.4", "a_b", "x.istio-tutorial.svc.cluster.local", long(63)+".test", long(64))
	}
	addresses := func() valuesOf {
		return someTexts("1.2.3.4", "1.2.3.0/24", "10.0.0.0/9", "0.0.0.0/0", "1.2.3.4/32", "1.2.3.4/33", "::1", "2001:DB8::1", "2001:db8::/32",
			"fe80::1%eth0", "::ffff:1.2.3.4", "localhost", "256.1.1.1", "01.2.3.4", "unix:///tmp/x", "unix://@x", "unix://", "unix:///"+long(99), "unix:///"+long(103))
	}
	of := func(kind, before, after string, values valuesOf, plain bool) bounded {
		return bounded{kind: kind, before: before, after: after, values: values, plain: plain}
	}
	resolutions := fixed("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS", "X")
	return []bounded{
		of(entry, "{resolution: NONE, "+ports+", hosts: [", "]}", hosts(), false),
		of(entry, "{resolution: DNS, "+ports+", hosts: [", "]}", hosts(), false),
		of(entry, "{resolution: DYNAMIC_DNS, "+ports+", hosts: [", "]}", hosts(), false),
		of(entry, "{hosts: [a.test], "+tcp+", addresses: [1.2.3.0/24], resolution: ", "}", resolutions, true),
		of(entry, "{hosts: ['*.a.test'], "+ports+", resolution: ", "}", resolutions, true),
		of(entry, "{hosts: [a.test], resolution: NONE, "+tcp+", addresses: [", "]}", addresses(), false),
		of(entry, "{hosts: [a.test], resolution: STATIC, "+ports+", addresses: [", "]}", addresses(), false),
		of(entry, "{hosts: [a.test], resolution: STATIC, "+ports+", endpoints: [{address: ", "}]}", addresses(), false),
		of(entry, "{hosts: [a.test], resolution: DNS, "+ports+", endpoints: [{address: ", "}, {address: 1.2.3.4}]}", addresses(), false),
		of(entry, "{hosts: [a.test], resolution: STATIC, "+ports+", endpoints: [{address: 1.2.3.4}, {address: 1.2.3.5, weight: ", "}]}", numbers("4294967294"), true),
		of(entry, "{hosts: [a.test], resolution: STATIC, "+ports+", endpoints: [{address: 1.2.3.4, ports: {http: ", "}}]}", numbers("65535", "65536"), true),
		of(entry, "{hosts: [a.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: ", "}]}", numbers("65535", "65536"), true),
		of(entry, "{hosts: [a.test], resolution: DNS, ports: [{number: 80, name: a, protocol: ", "}]}",
			fixed("HTTP", "http2", "GRPC", "grpc-web", "HTTP_PROXY", "HTTPS", "TLS", "TCP", "MONGO", "REDIS", "MYSQL", "UDP", "", "HBONE", "X"), false),
		of(entry, "{hosts: [a.test], resolution: DNS, "+ports+", subjectAltNames: [", "]}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}\n"+
			"spec: {host: a.test, trafficPolicy: {tls: {mode: SIMPLE}}}", someTexts("spiffe://a/b", "1.2.3.4", "a@b"), false),
		of(entry, "{hosts: ['*.a.test'], resolution: NONE, "+ports+"}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}\n"+
			"spec: {host: '*.a.test', trafficPolicy: {connectionPool: {http: {useClientProtocol: true}}, tls: {mode: SIMPLE, insecureSkipVerify: ", "}}}",
			fixed("true", "false", "x"), true),
		of(sidecar, "{egress: [{hosts: ['*/*'], port: {name: a, protocol: HTTP, number: ", "}}]}", numbers("65535", "65536"), true),
		of(sidecar, "{egress: [{hosts: ['*/*'], bind: ", "}]}", addresses(), false),
		of(sidecar, "{ingress: [{port: {number: 9080, protocol: HTTP, name: a}, defaultEndpoint: ", "}]}",
			someTexts("127.0.0.1:8080", ":8080", "0.0.0.0:1", "[::1]:65535", "127.0.0.1:0", "127.0.0.1:65536", "1.2.3.4:80", "unix:///a"), false),
		of(sidecar, "{inboundConnectionPool: {tcp: {maxConnections: ", "}}}", numbers(), true),
		of(sidecar, "{inboundConnectionPool: {tcp: {connectTimeout: ", "}}}", times(), true),
		of(sidecar, "{inboundConnectionPool: {http: {idleTimeout: ", "}}}", times(), true),
		of(sidecar, "{ingress: [{port: {number: 8080, protocol: GRPC, name: a}, connectionPool: {http: {maxRequestsPerConnection: ", "}}}]}", numbers(), true),
		of(sidecar, "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {port: {number: 8080}, host: ", "}}}", hosts(), false),
		of(sidecar, "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: a.test, port: {number: ", "}}}}", numbers("65535", "65536"), true),
	}
}
