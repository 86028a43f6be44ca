package pods_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/pods"
)

const fromConfig = "value: v1\n        - {name: TIMEOUT, valueFrom: {configMapKeyRef: {name: settings, key: TIMEOUT}}}\n" +
	"        - {name: SOFT, valueFrom: {configMapKeyRef: {name: settings, key: none, optional: true}}}\n" +
	"        - {name: SOFTER, valueFrom: {configMapKeyRef: {name: none, key: none, optional: true}}}\n" +
	"        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: settings, key: password, optional: true}}}\n" +
	"        - {name: LAST, value: l}"

const wholeConfigs = "        envFrom:\n        - {configMapRef: {name: all}, prefix: P_}\n        - {configMapRef: {name: all}}\n" +
	"        - {configMapRef: {name: none, optional: true}}\n        - {secretRef: {name: all}}\n        readinessProbe:"

// status waits until the only pod says what is wanted.
func status(t *testing.T, m *pods.Manager, word, reason string) {
	t.Helper()
	labtest.Until(t, func() error {
		if p := m.Pods()[0]; p.Status != word || p.Reason != reason {
			return fmt.Errorf("pod %s %q, want %s: %s", p.Status, p.Reason, word, reason)
		}
		return nil
	})
}

func environment(t *testing.T, m *pods.Manager, p pods.Pod) []string {
	t.Helper()
	c, err := m.Command(p.Name, []string{"recommendation"})
	if err != nil {
		t.Fatal(err)
	}
	return c.Env
}

// TestConfigMap holds a pod back until the values are there that it is to have, and gives them to
// new pods only.
func TestConfigMap(t *testing.T) {
	t.Parallel()
	m := newManager(t, nil)
	configMaps.Store(t.Name()+"/all", map[string]string{"A": "a", "VERSION": "v0"})
	configMaps.Store(t.Name()+"/secret-all", map[string]string{"S": "s"})
	configMaps.Store(t.Name()+"/secret-settings", map[string]string{"password": "p"})
	o := object(t, "value: v1", fromConfig, "        readinessProbe:", wholeConfigs)
	d := *o.Deployment
	m.Set([]manifests.Deployment{d})
	status(t, m, "CreateContainerConfigError", `configmap "settings" not found`)
	if g, _ := m.Progress(d.Workload.Name); g.Done() || !strings.Contains(g.Reason, "CreateContainerConfigError") {
		t.Errorf("progress %+v", g)
	}
	configMaps.Store(t.Name()+"/settings", map[string]string{"other": ""})
	status(t, m, "CreateContainerConfigError", "couldn't find key TIMEOUT in ConfigMap istio-tutorial/settings")
	configMaps.Store(t.Name()+"/settings", map[string]string{"TIMEOUT": "3s"})
	p := ready(t, m, d)[0]
	env := environment(t, m, p)
	for _, want := range []string{"TIMEOUT=3s", "P_A=a", "A=a", "P_VERSION=v0", "VERSION=v1", "S=s", "PASSWORD=p"} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	if slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "SOFT") }) {
		t.Errorf("optional values in %q", env)
	}
	configMaps.Store(t.Name()+"/settings", map[string]string{"TIMEOUT": "4s"})
	if env := environment(t, m, p); !slices.Contains(env, "TIMEOUT=3s") {
		t.Errorf("the old pod has %q", env)
	}
	if err := m.Delete(p.Name); err != nil {
		t.Fatal(err)
	}
	left(t, m, 1)
	if env := environment(t, m, ready(t, m, d)[0]); !slices.Contains(env, "TIMEOUT=4s") {
		t.Errorf("the new pod has %q", env)
	}
}

// TestProbes asks in each way that there is: a pod is ready by one that passes, and starts again by
// one that fails. Of commands, there are only those of the image.
func TestProbes(t *testing.T) {
	t.Parallel()
	const ready1 = "httpGet:\n            path: /health/ready\n            port: http"
	const alive = "httpGet:\n            path: /health/live\n            port: http\n          periodSeconds: 10"
	for how, passes := range map[string]bool{
		"tcpSocket: {port: http}": true, `exec: {command: [/recommendation, "-h"]}`: true,
		"exec: {command: [recommendation, no-such-word]}": false, "exec: {command: ['true']}": false,
		"grpc: {port: 8080}": false,
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			m := newManager(t, nil)
			if passes {
				d := recommendation(t, ready1, how)
				m.Set([]manifests.Deployment{d})
				ready(t, m, d)
				return
			}
			d := recommendation(t, alive, how+"\n          failureThreshold: 1\n          periodSeconds: 1")
			m.Set([]manifests.Deployment{d})
			labtest.Until(t, func() error {
				if p := m.Pods()[0]; p.Restarts < 1 {
					return fmt.Errorf("pod %d %s %q", p.Ready, p.Status, p.Reason)
				}
				return nil
			})
		})
	}
}
