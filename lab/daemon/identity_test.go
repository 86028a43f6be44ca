package daemon_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/load"
	"istio-tutorial/lab/objects"
)

func today(c *daemon.Config) { c.Edition = objects.V1 }

const strictness = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-tutorial}
spec: {mtls: {mode: %s}}
`

func (l *lab) strictness(t testing.TB, mode string) {
	t.Helper()
	if _, err := l.text(objects.Apply, t.Context(), fmt.Sprintf(strictness, mode)); err != nil {
		t.Fatal(err)
	}
}

// underLoad sends requests until work is done, and fails if an answer is not the chain's.
func (l *lab) underLoad(t testing.TB, least int, work func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	bad, sent := map[string]int{}, 0
	count := func(h load.Hit) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return // it was cut off at the end
		}
		sent++
		if h.Err != nil || h.Status != 200 {
			bad[fmt.Sprint(h.Status, " ", string(h.Body), " ", h.Err)]++
		}
	}
	sofar := func() int {
		mu.Lock()
		defer mu.Unlock()
		return sent
	}
	var loading sync.WaitGroup
	loading.Go(func() {
		for ctx.Err() == nil {
			_, _ = load.Run(ctx, load.Config{URL: l.ingress, Users: 4, Requests: 100, Keep: 200, Each: count})
		}
	})
	work()
	labtest.Until(t, func() error {
		if n := sofar(); n < least {
			return fmt.Errorf("only %d of %d were sent", n, least)
		}
		return nil
	})
	cancel()
	loading.Wait()
	if len(bad) > 0 {
		t.Errorf("of %d answers: %v", sent, bad)
	}
}

// TestStrictUnderLoad switches STRICT on and off: no answer is lost.
func TestStrictUnderLoad(t *testing.T) {
	t.Parallel()
	l := up(t, today)
	l.underLoad(t, 1000, func() {
		for i := range 50 {
			l.strictness(t, []string{"STRICT", "PERMISSIVE"}[i%2])
		}
	})
}

// serials are those of the certificates that a Deployment's proxy has now.
func (l *lab) serials(t testing.TB, name string) []string {
	t.Helper()
	c, err := l.ProxyConfig(t.Context(), control.ProxyQuery{Selection: sel("deployment/" + name), Part: "secrets"})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range c.Table.Rows {
		if r.Cells[0] == "default" {
			list = append(list, r.Cells[4])
		}
	}
	return list
}

// TestRenewedUnderLoad has certificates end every five seconds: they are renewed before, and no
// answer is lost.
func TestRenewedUnderLoad(t *testing.T) {
	t.Parallel()
	renewed(t, 1000)
}

// BenchmarkRenewal is the same for many answers, and fails where one is lost.
func BenchmarkRenewal(b *testing.B) {
	for b.Loop() {
		renewed(b, 20_000)
	}
}

func renewed(t testing.TB, answers int) {
	l := up(t, today, func(c *daemon.Config) { c.Certificates = 5 * time.Second })
	seen := map[string]bool{}
	l.underLoad(t, answers, func() {
		labtest.Until(t, func() error {
			for _, s := range l.serials(t, "preference") {
				seen[s] = true
			}
			if len(seen) < 4 {
				return fmt.Errorf("%d certificates so far", len(seen))
			}
			return nil
		})
	})
}

// TestKeysAreNowhere looks for a private key in all that a lab leaves on disk and tells.
func TestKeysAreNowhere(t *testing.T) {
	t.Parallel()
	l := up(t, today)
	l.ask(t)
	folder := string(l.folder)
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "PRIVATE KEY") {
			t.Errorf("%s has a private key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	c, err := l.ProxyConfig(t.Context(), control.ProxyQuery{Selection: sel("deployment/preference"), Part: "secrets"})
	const key = "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t" // -----BEGIN PRIVATE KEY----- in base64
	if err != nil || strings.Contains(string(c.JSON), key) || !strings.Contains(string(c.JSON), "certificate_chain") {
		t.Errorf("%v: %s", err, c.JSON)
	}
}

// TestWithoutSidecar runs a caller that nobody knows: what the server takes and which policies there are
// decide what it gets.
func TestWithoutSidecar(t *testing.T) {
	t.Parallel()
	l := up(t, today)
	l.must(t, objects.Apply, "deploy/legacy/Deployment.yml", "deploy/legacy/Service.yml", "deploy/legacy/ServiceAccount.yml")
	l.rollout(t, "legacy")
	p := l.pods(t, "app=legacy")[0]
	if p.Containers != 1 || p.Ready != 1 {
		t.Errorf("%d of %d containers are ready; want one, without a sidecar", p.Ready, p.Containers)
	}
	if _, err := l.ProxyConfig(t.Context(), control.ProxyQuery{Selection: sel("deployment/legacy"), Part: "secrets"}); err == nil ||
		!strings.Contains(err.Error(), "has no sidecar") {
		t.Error(err)
	}
	policy := func(action string) string {
		return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: istio-tutorial}\n" +
			"spec: {selector: {matchLabels: {app: preference}}, action: " + action +
			", rules: [{from: [{source: {principals: [cluster.local/ns/istio-tutorial/sa/customer]}}]}]}\n"
	}
	url := "http://" + p.Addresses[8080]
	const answered, denied, reset = "customer => preference => recommendation v1", "customer => 403 RBAC: access denied", "connection reset by peer"
	for _, step := range []struct{ mode, policy, want string }{
		{"PERMISSIVE", "", answered}, {"STRICT", "", reset}, {"DISABLE", "", answered},
		{"PERMISSIVE", policy("ALLOW"), denied}, {"PERMISSIVE", policy("DENY"), answered}, {"STRICT", policy("DENY"), reset},
	} {
		l.strictness(t, step.mode)
		if step.policy != "" {
			if _, err := l.text(objects.Apply, t.Context(), step.policy); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := get(t.Context(), url); err != nil || !strings.Contains(got, step.want) {
			t.Errorf("%s %s: %q, %v; want %q", step.mode, step.policy, got, err, step.want)
		}
	}
}

// BenchmarkMutualTLS takes the median of the ratios of what a lab answers with mutual TLS, and without.
func BenchmarkMutualTLS(b *testing.B) {
	l := up(b, today)
	in := func(mode string) func() float64 {
		return func() float64 {
			l.strictness(b, mode)
			return l.rate(b)
		}
	}
	labtest.Ratio(b, "of-throughput", in("STRICT"), in("DISABLE"))
}
