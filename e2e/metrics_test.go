package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/backend"
	"istio-tutorial/e2e/chain"
	"istio-tutorial/e2e/cmdline"
)

// The overlay's scrape configuration finds the chain, and each query of its dashboard has data. What
// Kubernetes would say of pods stands in the configuration: all else is as on a cluster.
func TestDashboard(t *testing.T) {
	t.Parallel()
	need(t, "prometheus")
	metrics := chain.Env{"METRICS_ON": "127.0.0.1:0"}
	c := programs().Chain(t, chain.Settings{All: metrics, Silent: true})
	v2 := programs().Run(t, chain.Spec{Program: "recommendation", Env: metrics.With(chain.Env{"VERSION": "v2"}), Silent: true})
	p := backend.StartPrometheus(t, scrapes(t,
		pod{c.Customer, "customer", "v1"}, pod{c.Preference, "preference", "v1"},
		pod{c.Recommendation, "recommendation", "v1"}, pod{v2, "recommendation", "v2"}))
	keepAsking(t, func() error {
		for _, url := range []string{c.Customer.URL(), v2.URL(), c.Recommendation.URL() + "/misbehave",
			c.Customer.URL(), c.Recommendation.URL() + "/behave"} {
			if _, err := chain.Ask(url); err != nil {
				return err
			}
		}
		return nil
	})
	holdDashboard(t, p, map[string]func([]backend.Series) error{
		"Shares of recommendation's versions": shares,
		"Share of errors":                     above(),
		"Errors per second, by service":       both(above("service", "recommendation"), above("service", "customer")),
		"Errors per second, by cause": both(above("service", "customer", "next", "preference", "cause", "503"),
			above("service", "preference", "next", "recommendation", "cause", "503")),
	})
	if up, err := p.Query("count(up == 1) or vector(0)"); err != nil || len(up) != 1 || last(up[0]) != 4 {
		t.Errorf("targets that are up: %v, %v, want 4", up, err)
	}
}

// pod is a process that a Prometheus on a cluster would know as a pod.
type pod struct {
	*chain.Process
	app, version string
}

// scrapes returns the overlay's configuration, in which Kubernetes has said its part: of each pod with
// both its ports, and of one pod that wants no visit.
func scrapes(t *testing.T, pods ...pod) string {
	t.Helper()
	data, err := os.ReadFile(observability + "scrape/chain.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const discovery = "  kubernetes_sd_configs:\n  - role: pod\n    namespaces:\n      names:\n      - istio-tutorial\n"
	before, after, found := strings.Cut(string(data), discovery)
	if !found || !strings.Contains(before, "scrape_interval: 5s") {
		t.Fatalf("the configuration is not as the test knows it:\n%s", data)
	}
	groups := "  static_configs:\n"
	for i, p := range pods {
		found, err := p.WaitLog(`"metrics":"([^"]+)"`)
		if err != nil {
			t.Fatal(err)
		}
		for _, port := range []string{"http", "prometheus"} {
			groups += group(p, fmt.Sprintf("%s-%d", p.app, i), "true", port, found[1])
		}
		if i == 0 {
			groups += group(p, "shy", "false", "prometheus", found[1])
		}
	}
	return strings.Replace(before, "5s", "1s", 1) + groups + after
}

func group(p pod, name, scrape, portName, address string) string {
	host, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf(`  - targets: ["%s"]
    labels:
      __meta_kubernetes_namespace: istio-tutorial
      __meta_kubernetes_pod_name: %s
      __meta_kubernetes_pod_ip: %s
      __meta_kubernetes_pod_label_app: %s
      __meta_kubernetes_pod_label_version: %s
      __meta_kubernetes_pod_annotation_prometheus_io_scrape: "%s"
      __meta_kubernetes_pod_annotation_prometheus_io_port: "%s"
      __meta_kubernetes_pod_container_port_name: %s
`, p.Address, name, host, p.app, p.version, scrape, port, portName)
}

// keepAsking asks until the test ends, since a rate needs traffic for as long as somebody looks; not so
// often that Prometheus has no time.
func keepAsking(t *testing.T, ask func() error) {
	t.Helper()
	stop, next := make(chan struct{}), time.NewTicker(20*time.Millisecond)
	var asking sync.WaitGroup
	asking.Go(func() {
		defer next.Stop()
		for {
			select {
			case <-stop:
				return
			case <-next.C:
			}
			if err := ask(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		asking.Wait()
	})
}

// The lab's own configuration finds its pods, and the same dashboard shows them: what the proxies make
// of a rule, too.
func TestDashboardOfTheLab(t *testing.T) {
	t.Parallel()
	need(t, "prometheus")
	name, ingress := fmt.Sprintf("metrics-%d", os.Getpid()), "127.0.0.1:"+cmdline.FreePorts(t, 1)[0]
	up := exec.Command("bin/lab", "up", "--name", name, "--listen", ingress)
	up.Dir = ".."
	proc, err := chain.Launch(up)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = proc.Signal(syscall.SIGINT)
		if status, err := proc.Wait(2 * await.Patience); err != nil || status != "exit status 0" {
			proc.Kill()
			t.Errorf("bin/lab up: %s, %v:\n%s", status, err, proc.Log())
		}
	})
	await.Eventually(t, 4*await.Patience, "the lab's first answer", func() string { return notYet(proc, ingress) })
	for _, line := range []string{
		"apply -f deploy/recommendation/Deployment-v2.yml",
		"rollout status deployment/recommendation-v2",
		"create -f istiofiles/route-rule-recommendation-503.yml",
		"create -f istiofiles/recommendation_requestcount.yml",
	} {
		inLab(t, name, strings.Fields(line)...)
	}
	configuration := inLab(t, name, "metrics", "--prometheus")
	p := backend.StartPrometheus(t, strings.ReplaceAll(configuration, "5s", "1s"))
	keepAsking(t, func() error { _, err := chain.Ask("http://" + ingress); return err })
	holdDashboard(t, p, map[string]func([]backend.Series) error{
		"Shares of recommendation's versions": shares,
		"Errors per second, by cause":         above("service", "preference", "next", "recommendation", "cause", "503"),
		"Errors that no program made":         above("next", "recommendation"),
	})
	counted, err := p.Query("istio_recommendation_request_count")
	if err != nil || len(counted) == 0 {
		t.Errorf("what the rule counts: %v, %v", counted, err)
	}
}

// notYet returns why the ingress does not answer yet.
func notYet(lab *chain.Process, ingress string) string {
	if err := lab.Running(); err != nil {
		return err.Error()
	}
	a, err := chain.Ask("http://" + ingress)
	if err != nil || a.Status != 200 {
		return fmt.Sprint(a, err)
	}
	return ""
}

func inLab(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bin/lab", append(args, "--name", name)...)
	cmd.Dir = ".."
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return string(said)
}
