//go:build cluster

package cluster

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

const namespace = "istio-tutorial"

// answer is what the chain says behind the test's own front: see front.
var answer = regexp.MustCompile(`^customer => customer => preference => recommendation (v[12]) from '([a-z0-9]+-[a-z0-9]+)': \d+\n$`)

// TestTutorial goes through what the tutorial shows on a cluster, in its order.
func TestTutorial(t *testing.T) {
	if !t.Run("deploy", deploy) {
		return // nothing of what follows could hold
	}
	f := newFront(t)
	t.Run("answers from the pod", f.answersFromPod)
	t.Run("both versions", f.bothVersions)
	t.Run("misbehave and behave", f.misbehave)
	t.Run("logs", f.logs)
	t.Run("timeout", f.timeout)
	t.Run("scale", f.scale)
	t.Run("rolling restart", f.rollingRestart)
	if os.Getenv("KEEP") == "" {
		t.Run("delete", remove)
	}
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return cmdline.Run(t, append([]string{"kubectl", "-n", namespace}, args...)...)
}

// deploy holds that a namespace which enforces restricted pod security admits every pod.
func deploy(t *testing.T) {
	kubectl(t, "delete", "-k", "deploy", "--ignore-not-found", "--wait")
	kubectl(t, "apply", "-f", "deploy/namespace.yml")
	kubectl(t, "label", "--overwrite", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
	kubectl(t, "apply", "-k", "deploy")
	for _, d := range []string{"customer", "preference", "recommendation-v1"} {
		kubectl(t, "rollout", "status", "--timeout=2m", "deployment/"+d)
	}
}

func remove(t *testing.T) {
	kubectl(t, "delete", "-k", "deploy", "--wait", "--timeout=3m")
	if left := cmdline.Run(t, "kubectl", "get", "namespace", namespace, "--ignore-not-found"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// front is a pod of the customer image that asks the Service customer, so that every request
// goes through the cluster's own load balancing; the test reaches it by a port-forward.
type front struct{ url string }

const frontPod = `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "front", "labels": {"app": "front"}},
"spec": {"automountServiceAccountToken": false, "containers": [{"name": "front", "image": "istio-tutorial-customer:v1",
"imagePullPolicy": "IfNotPresent", "env": [{"name": "PREFERENCE_URL", "value": "http://customer:8080"}],
"readinessProbe": {"httpGet": {"path": "/health/ready", "port": 8080}, "periodSeconds": 1},
"securityContext": {"runAsNonRoot": true, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
"capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}}]}}`

var forwarding = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+)`)

func newFront(t *testing.T) front {
	t.Helper()
	cmdline.Line{Argv: []string{"kubectl", "-n", namespace, "apply", "-f", "-"}, Stdin: frontPod}.Run(t)
	kubectl(t, "wait", "--for=condition=Ready", "pod/front", "--timeout=2m")
	out := cmdline.Start(t, "kubectl", "-n", namespace, "port-forward", "pod/front", ":8080")
	var f front
	await.Eventually(t, await.Patience, "port-forward", func() string {
		if m := forwarding.FindStringSubmatch(out.String()); m != nil {
			f.url = "http://" + m[1]
			return ""
		}
		return "it says " + out.String()
	})
	return f
}

func (f front) get() string {
	client := http.Client{Timeout: 30 * time.Second}
	res, err := client.Get(f.url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		return err.Error()
	}
	return body.String()
}

// versions asks n times at once, as a kept connection stays with one pod, and counts.
func (f front) versions(n int) (map[string]int, string) {
	answers := make(chan string)
	for range n {
		go func() { answers <- f.get() }()
	}
	seen, wrong := map[string]int{}, ""
	for range n {
		text := <-answers
		if m := answer.FindStringSubmatch(text); m != nil {
			seen[m[1]+" "+m[2]]++
		} else {
			wrong = text
		}
	}
	return seen, wrong
}

// pods returns the names of a version's running pods.
func pods(t *testing.T, version string) []string {
	t.Helper()
	return strings.Fields(kubectl(t, "get", "pods", "-l", "app=recommendation,version="+version,
		"--field-selector=status.phase=Running", "-o", "jsonpath={.items[*].metadata.name}"))
}

func (f front) answersFromPod(t *testing.T) {
	m := answer.FindStringSubmatch(f.get())
	if m == nil || !slices.Equal(pods(t, "v1"), []string{"recommendation-v1-" + m[2]}) {
		t.Errorf("answer %q, pods %q", m, pods(t, "v1"))
	}
}

func (f front) bothVersions(t *testing.T) {
	kubectl(t, "apply", "-f", "deploy/recommendation/Deployment-v2.yml")
	kubectl(t, "rollout", "status", "--timeout=2m", "deployment/recommendation-v2")
	f.seen(t, "v1", "v2")
}

// seen waits until just these versions answer, each from its pods.
func (f front) seen(t *testing.T, versions ...string) {
	t.Helper()
	var want []string
	for _, v := range versions {
		for _, pod := range pods(t, v) {
			want = append(want, v+" "+strings.TrimPrefix(pod, "recommendation-"+v+"-"))
		}
	}
	slices.Sort(want)
	await.Eventually(t, 2*await.Patience, "answers from "+strings.Join(want, ", "), func() string {
		counts, wrong := f.versions(64)
		if wrong != "" {
			return wrong
		}
		var got []string
		for pod := range counts {
			got = append(got, pod)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Sprint(counts)
		}
		return ""
	})
}

func (f front) misbehave(t *testing.T) {
	pod := pods(t, "v2")[0]
	kubectl(t, "exec", pod, "-c", "recommendation", "--", "recommendation", "misbehave")
	host := strings.TrimPrefix(pod, "recommendation-v2-")
	want := "customer => 503 customer => 503 preference => 503 recommendation misbehavior from '" + host + "'\n"
	await.Eventually(t, 2*await.Patience, "a 503", func() string {
		if _, wrong := f.versions(64); wrong != want {
			return fmt.Sprintf("of 64 answers, the last that is not usual is %q", wrong)
		}
		return ""
	})
	if got := kubectl(t, "get", "pod", pod, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`); got != "True" {
		t.Errorf("misbehaving, the pod's readiness is %s", got)
	}
	kubectl(t, "exec", pod, "-c", "recommendation", "--", "/recommendation", "behave")
	f.seen(t, "v1", "v2")
}

func (f front) logs(t *testing.T) {
	pod := pods(t, "v2")[0]
	await.Eventually(t, 2*await.Patience, "a line of the count", func() string {
		f.versions(16)
		log := kubectl(t, "logs", pod, "-c", "recommendation")
		if !strings.Contains(log, `"msg":"recommendation v2","host":"`+strings.TrimPrefix(pod, "recommendation-v2-")+`","count":`) {
			return log
		}
		return ""
	})
}

func (f front) timeout(t *testing.T) {
	kubectl(t, "set", "env", "deployment/recommendation-v2", "TIMEOUT=3s")
	kubectl(t, "rollout", "status", "--timeout=2m", "deployment/recommendation-v2")
	pod := pods(t, "v2")[0]
	start := time.Now()
	kubectl(t, "exec", pod, "-c", "recommendation", "--", "recommendation", "get", "/")
	if took := time.Since(start); took < 3*time.Second {
		t.Errorf("v2 answered after %v, want 3 s at least", took)
	}
	kubectl(t, "set", "env", "deployment/recommendation-v2", "TIMEOUT-")
	kubectl(t, "rollout", "status", "--timeout=2m", "deployment/recommendation-v2")
}

func (f front) scale(t *testing.T) {
	for _, n := range []int{2, 1} {
		kubectl(t, "scale", fmt.Sprintf("--replicas=%d", n), "deployment/recommendation-v2")
		kubectl(t, "rollout", "status", "--timeout=2m", "deployment/recommendation-v2")
		await.Eventually(t, 4*await.Patience, "the pods of v2", func() string {
			if p := pods(t, "v2"); len(p) != n {
				return fmt.Sprint(p)
			}
			return ""
		})
		f.seen(t, "v1", "v2")
	}
}

// rollingRestart asks a hundred times a second while all pods are replaced.
func (f front) rollingRestart(t *testing.T) {
	done := make(chan struct{})
	lost := make(chan string, 100)
	asked := make(chan int)
	go func() { asked <- f.load(done, lost) }()
	all := []string{"customer", "preference", "recommendation-v1", "recommendation-v2"}
	for _, d := range all {
		kubectl(t, "rollout", "restart", "deployment/"+d)
	}
	for _, d := range all {
		kubectl(t, "rollout", "status", "--timeout=3m", "deployment/"+d)
	}
	// the old pods serve on while they drain: the restart is over when they are gone
	await.Eventually(t, 4*await.Patience, "the end of the old pods", func() string {
		names := strings.Fields(kubectl(t, "get", "pods", "-o", "jsonpath={.items[*].metadata.name}"))
		if len(names) != len(all)+1 {
			return fmt.Sprint(names)
		}
		return ""
	})
	close(done)
	n := <-asked
	t.Logf("%d requests during the restart, %d lost", n, len(lost))
	if len(lost) > 0 {
		t.Errorf("%d of %d answers lost, the first: %s", len(lost), n, <-lost)
	}
	if n < 500 {
		t.Errorf("only %d requests: the restart was hardly under load", n)
	}
}

// load asks every 10 ms until done, a bounded number of times, and waits for all answers.
func (f front) load(done <-chan struct{}, lost chan<- string) int {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	answered := make(chan struct{})
	asked := 0
loop:
	for ; asked < 30000; asked++ {
		select {
		case <-done:
			break loop
		case <-tick.C:
		}
		go func() {
			if text := f.get(); !answer.MatchString(text) {
				select {
				case lost <- text:
				default:
				}
			}
			answered <- struct{}{}
		}()
	}
	for range asked {
		<-answered
	}
	return asked
}
