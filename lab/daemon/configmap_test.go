package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
)

// TestConfigMap holds the pods of a Deployment back until its values are there.
func TestConfigMap(t *testing.T) {
	t.Parallel()
	l := up(t)
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: late}
spec:
  selector: {matchLabels: {app: late}}
  template:
    metadata: {labels: {app: late}}
    spec:
      containers:
      - name: late
        image: istio-tutorial-recommendation:v1
        ports: [{name: http, containerPort: 8080}]
        envFrom: [{configMapRef: {name: settings}}]
        readinessProbe: {tcpSocket: {port: http}, periodSeconds: 1}
`
	results, err := l.text(objects.Create, t.Context(), deployment)
	if err != nil {
		t.Fatal(err)
	}
	const want = "no pod of it starts: there is no ConfigMap settings"
	if got := strings.Join(results[0].Warnings, "\n"); !strings.Contains(got, want) {
		t.Errorf("warnings %q", got)
	}
	labtest.Until(t, func() error {
		pods := l.pods(t, "app=late")
		if len(pods) != 1 {
			return fmt.Errorf("%d pods", len(pods))
		}
		p := pods[0]
		if p.Status != "CreateContainerConfigError" || p.Reason != `configmap "settings" not found` {
			return fmt.Errorf("%s: %s", p.Status, p.Reason)
		}
		return nil
	})
	if _, err := l.text(objects.Create, t.Context(),
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {VERSION: v7}\n"); err != nil {
		t.Fatal(err)
	}
	l.rollout(t, "late")
	page, err := get(t.Context(), "http://"+l.pods(t, "app=late")[0].Addresses[8080])
	if err != nil || !strings.HasPrefix(page, "recommendation v7") {
		t.Errorf("page %q, %v", page, err)
	}
}
