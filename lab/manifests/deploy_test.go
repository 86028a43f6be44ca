package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deploy is outside of the module, where go test looks for no changes: its cache does not know
// of an edited manifest, unless -shuffle=on or -count=1 keeps the cache out.
const deploy = "../../deploy"

func TestDeploy(t *testing.T) {
	t.Parallel()
	tree, err := readTree(filepath.FromSlash(deploy))
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range inspect(tree) {
		t.Error(finding)
	}
	if len(tree.workloads) != 7 || len(tree.services) != 6 || len(tree.accounts) != 6 {
		t.Errorf("%d deployments, %d services, %d service accounts",
			len(tree.workloads), len(tree.services), len(tree.accounts))
	}
}

// TestDeployBroken breaks one thing at a time, to see that TestDeploy would find it.
func TestDeployBroken(t *testing.T) {
	t.Parallel()
	const (
		customer = "customer/Deployment.yml"
		v2       = "recommendation/Deployment-v2.yml"
		ingress  = "ingress/ingress.yml"
		list     = "kustomization.yaml"
	)
	for _, tt := range []struct {
		file, old, new string
		want           string
	}{
		{customer, "maxSurge:", "maxSurgee:",
			"Deployment.yml:19: spec.strategy.rollingUpdate.maxSurgee"},
		{customer, "replicas: 1", "replicas: one", "spec.replicas: want a whole number"},
		{customer, "apiVersion: apps/v1", "apiVersion: extensions/v1beta1", "unknown kind"},
		{customer, "namespace: istio-tutorial", "namespace: default", "namespace: default"},
		{customer, "name: customer\n  namespace", "name: custom\n  namespace", "name custom"},
		{customer, "        version: v1\n", "", "no label version"},
		{customer, "version: v1\nspec", "version: v2\nspec", "labels: map["},
		{customer, "      app: customer\n      version", "      app: custom\n      version",
			"selector: map["},
		{customer, "  selector:", "  paused: true\n  xselector:", "unknown field"},
		{customer, "maxUnavailable: 0", "maxUnavailable: 1", "maxUnavailable: 1"},
		{customer, "maxUnavailable: 0", "", "no rolling update"},
		{customer, "serviceAccountName: customer", "serviceAccountName: preference",
			"not in the folder"},
		{customer, "Token: false", "Token: true", "automountServiceAccountToken"},
		{customer, "    spec:\n", "    spec:\n      securityContext: {runAsUser: 65532}\n",
			"of the pod"},
		{customer, "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 40",
			"grace period"},
		{customer, "- name: customer\n", "- name: custom\n", "container: custom"},
		{customer, "tutorial-customer:v1", "tutorial-customer:v2",
			"image: istio-tutorial-customer:v2"},
		{customer, "IfNotPresent", "Always", "imagePullPolicy"},
		{customer, "preference:8080", "preferences:8080", "PREFERENCE_URL: no service"},
		{customer, "preference:8080", "preference:8081", "PREFERENCE_URL: no service"},
		{customer, "value: 5s", "value: 5 s", "DRAIN"},
		{customer, "name: DRAIN", "name: PREFERENCE_URL", "set twice"},
		{customer, "containerPort: 9779", "containerPort: 9778", "ports: map["},
		{customer, `port: "9779"`, `port: "8080"`, "annotations: map["},
		{customer, "startupProbe:", "lifecycle: {}\n        xstartupProbe:", "unknown field"},
		{customer, "/health/ready", "/health", "readinessProbe: /health"},
		{customer, "path: /health/ready\n            port: http",
			"path: /health/ready\n            port: web", "no port web"},
		{customer, "cpu: 10m", "cpu: 0", "requests no cpu"},
		{customer, "memory: 64Mi", "memory: 16Mi", "memory limit"},
		{customer, "memory: 64Mi", "memory: 64MB!", "limits.memory"},
		{customer, "runAsNonRoot: true", "", "runAsNonRoot"},
		{customer, "runAsUser: 65532", "runAsUser: 0", "runAsUser"},
		{customer, "runAsGroup: 65532", "runAsGroup: 0", "runAsGroup"},
		{customer, "Escalation: false", "Escalation: true", "allowPrivilegeEscalation"},
		{customer, "Filesystem: true", "Filesystem: false", "readOnlyRootFilesystem"},
		{customer, "- ALL", "- NET_RAW", "capabilities"},
		{customer, "RuntimeDefault", "Unconfined", "seccompProfile"},
		{customer, "securityContext:", "privileged_: x\n        securityContext:", "unknown field"},
		{v2, "value: v2", "value: v1", "VERSION: v1, not v2"},
		{v2, "value: 5s", "value: 6s", "more than the version"},
		{v2, "version: v2", "version: v1", "labels: map["},
		{"customer/Service.yml", "  selector:\n    app: customer",
			"  selector:\n    app: preference", "selector: map["},
		{"customer/Service.yml", "targetPort: http", "targetPort: web", "pods have no port web"},
		{"customer/Service.yml", "name: http ", "name: web ", "no service customer with port http"},
		{"customer/Service.yml", "port: 8080", "port: 80", "port: http80"},
		{"customer/ServiceAccount.yml", "name: customer", "name: custom", "nobody's"},
		{"namespace.yml", "name: istio-tutorial", "name: tutorial", "name: tutorial"},
		{ingress, "name: customer\n            port", "name: custom\n            port",
			"no service custom"},
		{ingress, "host: customer.", "host: custom.", "hosts:"},
		{ingress, "pathType: Prefix", "pathType: Exact", "path: / Exact"},
		{"ingress/classic/ingress.yml", "servicePort: http", "servicePort: web", "routes:"},
		{list, "- customer\n", "", "lists ["},
		{"customer/Kustomization", "- Service.yml\n", "", "lists ["},
		{"customer/Kustomization", "- Service.yml\n", "- service.yml\n", "no such file"},
		{list, "resources:", "images: []\nresources:", "kustomization.yaml:6: images"},
	} {
		t.Run(tt.file+"/"+tt.new, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.FromSlash(deploy))); err != nil {
				t.Fatal(err)
			}
			replace(t, filepath.Join(dir, tt.file), tt.old, tt.new)
			tree, err := readTree(dir)
			said := strings.Join(inspect(tree), "\n")
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, tt.want) {
				t.Errorf("found:\n%s\nwant %q", said, tt.want)
			}
		})
	}
}

// replace changes the first of a text that must be there.
func replace(t *testing.T, file, old, by string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	text := strings.Replace(string(data), old, by, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
