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
	"        - {name: LAST, value: l}"

const wholeConfigs = "        envFrom:\n        - {configMapRef: {name: all}, prefix: P_}\n        - {configMapRef: {name: all}}\n" +
	"        - {configMapRef: {name: none, optional: true}}\n        readinessProbe:"

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
	for _, want := range []string{"TIMEOUT=3s", "P_A=a", "A=a", "P_VERSION=v0", "VERSION=v1"} {
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

// TestProbes asks in each way that there is, and says why a pod is not ready.
func TestProbes(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{
		"tcpSocket: {port: http}": "", `exec: {command: [/recommendation, "-h"]}`: "",
		`exec: {command: [recommendation, no-such-word]}`: "exit status 2",
		"exec: {command: [cat, /etc/hostname]}":           `command "cat": the image has one program, /recommendation`,
		"grpc: {port: 8080}":                              "rpc error",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			m := newManager(t, nil)
			d := recommendation(t, "httpGet:\n            path: /health/ready\n            port: http", how)
			m.Set([]manifests.Deployment{d})
			if want == "" {
				ready(t, m, d)
				return
			}
			labtest.Until(t, func() error {
				if p := m.Pods()[0]; p.Ready > 1 || !strings.Contains(p.Reason, want) {
					return fmt.Errorf("pod %d %s %q, want %s", p.Ready, p.Status, p.Reason, want)
				}
				return nil
			})
		})
	}
}
