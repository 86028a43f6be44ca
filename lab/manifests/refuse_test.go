package manifests_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/manifests"
)

// refusal is a manifest's text, changed in one place, and what is said of it.
type refusal struct{ old, new, want string }

func refused(t *testing.T, text string, cases []refusal) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.new, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, tt.old) {
				t.Fatalf("no %q in the manifest", tt.old)
			}
			_, err := parse("x.yml", strings.Replace(text, tt.old, tt.new, 1))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestRefusedDeployment(t *testing.T) {
	t.Parallel()
	refused(t, minimal, []refusal{
		{"apps/v1", "extensions/v1beta1",
			"x.yml:1: apiVersion: Deployment is apps/v1, not extensions/v1beta1"},
		{"kind: Deployment", "kind: StatefulSet",
			"x.yml:2: kind: the lab knows no manifest of kind StatefulSet"},
		{"name: web", "name: Web",
			`x.yml:4: metadata.name: "Web": a lowercase RFC 1123 subdomain`},
		{"name: web", "name: web\n  namespace: a.b", "x.yml:5: metadata.namespace"},
		{"  selector:\n", "  replicas: -1\n  selector:\n",
			"x.yml:6: spec.replicas: -1 is not in the range 0 to 100"},
		{"  selector:\n", "  paused: true\n  selector:\n",
			"x.yml:6: spec.paused: the lab does not support this field"},
		{"  selector:\n", "  strategy: {type: Recreate}\n  selector:\n",
			`x.yml:6: spec.strategy.type: "Recreate": the lab supports RollingUpdate only`},
		{"  selector:\n    matchLabels: {app: web}\n", "",
			"x.yml:5: spec.selector: missing"},
		{"matchLabels: {app: web}", "matchLabels: {app: shop}",
			"x.yml:6: spec.selector: does not select"},
		{"matchLabels: {app: web}", "{}", "x.yml:6: spec.selector: selects every pod"},
		{"matchLabels: {app: web}", "matchExpressions: [{key: app, operator: Has}]",
			"x.yml:6: spec.selector: "},
		{"version: v1", `version: "v 1"`,
			`x.yml:10: spec.template.metadata.labels.version: "v 1"`},
	})
}

func TestRefusedPod(t *testing.T) {
	t.Parallel()
	const pod = "      containers:\n"
	refused(t, minimal, []refusal{
		{pod, "      initContainers: [{name: a, image: b}]\n" + pod,
			"x.yml:12: spec.template.spec.initContainers: the lab runs one"},
		{pod, "      hostNetwork: true\n" + pod,
			"x.yml:12: spec.template.spec.hostNetwork"},
		{pod, "      hostname: web\n" + pod, "x.yml:12: spec.template.spec.hostname"},
		{pod, "      restartPolicy: Never\n" + pod,
			"x.yml:12: spec.template.spec.restartPolicy"},
		{pod, "      volumes: [{name: a, configMap: {name: b}}]\n" + pod,
			"x.yml:12: spec.template.spec.volumes[0].configMap"},
		{pod, "      terminationGracePeriodSeconds: -1\n" + pod,
			"x.yml:12: spec.template.spec.terminationGracePeriodSeconds"},
		{pod, pod + "      - {name: other, image: b}\n",
			"x.yml:14: spec.template.spec.containers[1]: the lab runs one"},
		{minimal[strings.Index(minimal, pod):], "      containers: []\n",
			"x.yml:12: spec.template.spec.containers: missing"},
	})
}

func TestRefusedContainer(t *testing.T) {
	t.Parallel()
	const (
		container = "        image: web:1\n"
		probe     = "          httpGet: {port: 80}\n"
		port      = "        - containerPort: 80\n"
	)
	refused(t, minimal, []refusal{
		{"- name: web", "- name: a_b",
			`x.yml:13: spec.template.spec.containers[0].name: "a_b"`},
		{container, "", "x.yml:13: spec.template.spec.containers[0].image: missing"},
		{container, container + "        workingDir: /\n", "containers[0].workingDir"},
		{container, container + "        lifecycle: {postStart: {sleep: {seconds: 1}}}\n",
			"containers[0].lifecycle.postStart: the lab runs"},
		{container, container + "        envFrom: [{secretRef: {name: a}, configMapRef: {name: a}}]\n",
			"containers[0].envFrom[0]: must specify one of"},
		{container, container + "        envFrom: [{prefix: a}]\n", "containers[0].envFrom[0]: must specify one of"},
		{container, container + "        env: [{name: A, valueFrom: {configMapKeyRef: {name: a, key: \"b c\"}}}]\n",
			"env[0].valueFrom.configMapKeyRef.key"},
		{container, container + "        args: [\"$(PATH)\"]\n",
			"args: \"$(PATH)\": the lab does not expand"},
		{container, container + "        env: [{name: A, value: \"$(B)\"}]\n",
			"env[0].value: \"$(B)\""},
		{container, container + "        env: [{name: \"A=\"}]\n", "env[0].name"},
		{container, container + "        env: [{name: A}, {name: A}]\n",
			"env[1].name: A: declared before"},
		{container,
			container + "        env: [{name: A, valueFrom: {secretKeyRef: {key: a}}}]\n",
			"env[0].valueFrom.secretKeyRef"},
		{container,
			container + "        env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.hostname}}}]\n",
			`fieldPath: the lab does not know the field "spec.hostname"`},
		{port, port + "          protocol: UDP\n", "ports[0].protocol"},
		{port, port + port, "ports[1]: 80: declared before"},
		{"containerPort: 80", "containerPort: 0",
			"x.yml:16: spec.template.spec.containers[0].ports[0].containerPort: 0 is not"},
		{"containerPort: 80", "{containerPort: 80, name: a.b}", "ports[0].name"},
		{probe, "          exec: {command: []}\n",
			"x.yml:18: spec.template.spec.containers[0].livenessProbe.exec.command: missing"},
		{probe, "          {}\n", "livenessProbe: no handler"},
		{probe, probe + "          exec: {command: [web]}\n", "livenessProbe: may not have more than one handler"},
		{probe, "          tcpSocket: {port: 81}\n", "livenessProbe.tcpSocket.port: the container declares no port 81"},
		{probe, "          grpc: {port: 81}\n", "livenessProbe.grpc.port: the container declares no port 81"},
		{probe, probe + "          periodSeconds: -1\n",
			"livenessProbe.periodSeconds: -1"},
		{probe, probe + "          successThreshold: 2\n",
			"livenessProbe.successThreshold: 2"},
		{"{port: 80}", "{port: web}",
			"livenessProbe.httpGet.port: the container declares no port web"},
		{"{port: 80}", "{port: 80, scheme: HTTPS}", "livenessProbe.httpGet.scheme"},
		{"{port: 80}", "{port: 80, httpHeaders: [{name: a, value: b}]}",
			"livenessProbe.httpGet.httpHeaders"},
	})
}

func TestRefusedService(t *testing.T) {
	t.Parallel()
	refused(t, `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
`, []refusal{
		{"name: web", "name: 1web", `x.yml:4: metadata.name: "1web"`},
		{"  selector", "  type: Other\n  selector", "x.yml:6: spec.type"},
		{"  selector", "  type: ExternalName\n  selector", "x.yml:5: spec.externalName: missing"},
		{"  selector", "  type: ExternalName\n  externalName: a_b\n  selector", "x.yml:7: spec.externalName: \"a_b\""},
		{"  selector", "  publishNotReadyAddresses: true\n  selector",
			"x.yml:6: spec.publishNotReadyAddresses"},
		{"  selector", "  sessionAffinity: Always\n  selector",
			"x.yml:6: spec.sessionAffinity"},
		{"- port: 80", "- port: 70000", "x.yml:8: spec.ports[0].port: 70000"},
		{"- port: 80", "- {port: 80, protocol: QUIC}", "spec.ports[0].protocol"},
		{"- port: 80", "- {port: 80, name: a}\n  - {port: 80, name: b}",
			"x.yml:9: spec.ports[1]: 80/TCP: declared before"},
		{"- port: 80", "- port: 80\n  - port: 81", "spec.ports[0].name"},
		{"  ports:\n  - port: 80", "", "x.yml:5: spec.ports: missing"},
		{"{app: web}", "{app: web!}", "x.yml:6: spec.selector.app"},
	})
}

func TestRefusedIngress(t *testing.T) {
	t.Parallel()
	refused(t, `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port: {number: 80}
`, []refusal{
		{"  rules:", "  tls: [{}]\n  rules:", "x.yml:6: spec.tls"},
		{"  - http", "  - host: \"*.x\"\n    http",
			`x.yml:7: spec.rules[0].host: "*.x"`},
		{"path: /", "path: web", "x.yml:9: spec.rules[0].http.paths[0].path"},
		{"        pathType: Prefix\n", "",
			"x.yml:9: spec.rules[0].http.paths[0].pathType: missing"},
		{"Prefix", "Regex", `x.yml:10: spec.rules[0].http.paths[0].pathType: "Regex"`},
		{"name: web\n            port", "name: web.x\n            port",
			"backend.service.name"},
		{"{number: 80}", "{}", "backend.service.port: 0 is not in the range"},
		{"{number: 80}", "{name: a b}", `backend.service.port: "a b"`},
		{"{number: 80}", "{name: web, number: 80}",
			"backend.service.port: has a name and a number"},
		{"          service:\n            name: web\n            port: {number: 80}",
			"          resource: {kind: A, name: b}", "paths[0].backend.resource"},
	})
}

// TestAllProblems sees them named at once, in the order of the file.
func TestAllProblems(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		"{port: 80}", "{port: 81}", "name: web\nspec", "name: WEB\nspec",
	).Replace(minimal)
	_, err := parse("x.yml", text)
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "x.yml:4: ") ||
		!strings.HasPrefix(lines[1], "x.yml:18: ") {
		t.Error(err)
	}
}

// TestHarmless sees what means nothing on one machine pass.
func TestHarmless(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("      containers:\n", `      priorityClassName: high
      hostNetwork: false
      tolerations: [{operator: Exists}]
      volumes: [{name: tmp, emptyDir: {}}]
      containers:
`, "        image: web:1\n", `        image: web:1
        resources: {limits: {cpu: 1}}
        volumeMounts: [{name: tmp, mountPath: /tmp}]
        securityContext: {runAsUser: 1}
`).Replace(minimal)
	if _, err := parse("x.yml", text); err != nil {
		t.Error(err)
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	objects := mustParse(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n"+
		"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n")
	for i, namespace := range []string{"", "default"} {
		if o := objects[i]; !manifests.Known(o.Document) || o.Namespace != namespace {
			t.Errorf("%s %s: in namespace %q", o.Kind, o.Name, o.Namespace)
		}
	}
	rule := objects[0].Document
	rule.Kind = "RouteRule"
	if manifests.Known(rule) {
		t.Error("a RouteRule is no manifest")
	}
}

// TestManyProblems sees that no more of them are named than there are.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	const count = 20_000
	ports := strings.Repeat("        - containerPort: 80\n", count)
	_, err := parse("x.yml", strings.Replace(minimal, "        - containerPort: 80\n", ports, 1))
	if err == nil || strings.Count(err.Error(), "\n") != count-2 {
		t.Error("not one problem for each port but the first")
	}
}
