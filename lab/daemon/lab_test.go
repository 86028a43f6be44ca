package daemon_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/routes"
)

func TestUp(t *testing.T) {
	t.Parallel()
	l := up(t)
	if got := l.ask(t); !strings.HasPrefix(got, fromV1+" from '") || !strings.HasSuffix(got, "': 1") {
		t.Errorf("first answer %q", got)
	}
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Pods) != 3 || len(s.Rules) != 0 || !strings.HasPrefix(s.Proxy.Version, "1.") || s.Proxy.State != "Ready" {
		t.Errorf("status %+v", s)
	}
	for _, p := range s.Pods {
		if p.Ready != 2 || p.Restarts != 0 {
			t.Errorf("pod %+v", p)
		}
	}
}

func TestSecondVersion(t *testing.T) {
	t.Parallel()
	l := up(t)
	results := l.must(t, objects.Apply, "deploy/recommendation/Deployment-v2.yml")
	if len(results) != 1 || results[0].Done != "created" || results[0].Resource != "deployment.apps" || len(results[0].Warnings) > 0 {
		t.Errorf("results %+v", results)
	}
	l.rollout(t, "recommendation-v2")
	if got := l.answers(t, 10); got[fromV1] != 5 || got[fromV2] != 5 {
		t.Errorf("without rules: %v", got)
	}
	results = l.must(t, objects.Create, "istiofiles/route-rule-recommendation-v2.yml")
	if len(results) != 1 || results[0].Type != "route-rule" || results[0].Done != "created" {
		t.Errorf("results %+v", results)
	}
	if got := l.answers(t, 20); got[fromV2] != 20 {
		t.Errorf("all to v2: %v", got)
	}
	if _, err := l.change(t, objects.Create, "istiofiles/route-rule-recommendation-v2.yml"); reason(err) != objects.AlreadyExists {
		t.Errorf("error %v", err)
	}
	l.must(t, objects.Replace, "istiofiles/route-rule-recommendation-v1.yml")
	if got := l.answers(t, 20); got[fromV1] != 20 {
		t.Errorf("all to v1: %v", got)
	}
	if _, err := l.Delete(t.Context(), sel("routerule", "recommendation-default", "nope")); reason(err) != objects.NotFound ||
		err.Error() != `routerules.config.istio.io "nope" not found; there is recommendation-default` {
		t.Errorf("error %v", err)
	}
	if got := l.answers(t, 10); got[fromV1] != 5 || got[fromV2] != 5 {
		t.Errorf("after the rule: %v", got)
	}
	if results := l.must(t, objects.Apply, "deploy/recommendation/Deployment-v2.yml"); results[0].Done != "unchanged" {
		t.Errorf("results %+v", results)
	}
	if _, err := l.change(t, objects.Delete, "deploy/recommendation/Deployment-v2.yml"); err != nil {
		t.Error(err)
	}
	labtest.Until(t, func() error {
		if list := l.pods(t, "version=v2"); len(list) > 0 {
			return fmt.Errorf("still there: %+v", list)
		}
		return nil
	})
	if got := l.answers(t, 5); got[fromV1] != 5 {
		t.Errorf("without v2: %v", got)
	}
}

const rule = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: %s}
spec:
  destination: {name: recommendation}
  precedence: %d
`

func TestBadRulesChangeNothing(t *testing.T) {
	t.Parallel()
	l := up(t)
	l.must(t, objects.Apply, "deploy/recommendation/Deployment-v2.yml")
	l.rollout(t, "recommendation-v2")
	l.must(t, objects.Create, "istiofiles/route-rule-recommendation-v2.yml")
	good := fmt.Sprintf(rule, "good", 9) + "  route: [{labels: {version: v1}}]\n---\n"
	for name, c := range map[string]struct {
		text, want string
		reason     objects.Reason
	}{
		"no YAML":   {good + "a: [", "x.yml:", objects.Invalid},
		"bad field": {good + fmt.Sprintf(rule, "bad", 1) + "  rout: []\n", "x.yml:15: spec.rout: unknown field", objects.Invalid},
		"two problems": {
			good + fmt.Sprintf(rule, "bad", 1) + "  a: 1\n  b: 2\n",
			"x.yml:16: spec.b: unknown field", objects.Invalid,
		},
		"unknown kind": {good + "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\n", "StatefulSet", objects.Invalid},
		"what Envoy would refuse": {
			good + fmt.Sprintf(rule, "bad", 10) + "  match: {request: {headers: {user-agent: {regex: \"(\"}}}}\n",
			"user-agent.regex: \"(\": no regular expression", objects.Invalid,
		},
		"is there": {good + fmt.Sprintf(rule, "recommendation-default", 1), "already exists", objects.AlreadyExists},
	} {
		_, err := l.text(objects.Create, t.Context(), c.text)
		if reason(err) != c.reason || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v: %v, want %v: %s", name, reason(err), err, c.reason, c.want)
		}
		if got := l.answers(t, 5); got[fromV2] != 5 {
			t.Errorf("%s: afterwards %v", name, got)
		}
		if s, err := l.Status(t.Context()); err != nil || len(s.Rules) != 1 {
			t.Errorf("%s: rules %v, %v", name, s.Rules, err)
		}
	}
}

func TestConcurrentCreates(t *testing.T) {
	t.Parallel()
	l := up(t)
	const n = 10
	errs := make(chan error)
	for i := range n {
		go func() {
			_, err := l.text(objects.Create, t.Context(), fmt.Sprintf(rule, fmt.Sprintf("r%d", i), i))
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	s, err := l.Status(t.Context())
	if err != nil || len(s.Rules) != n {
		t.Fatalf("rules %v, %v", s.Rules, err)
	}
	routes, err := l.Routes(t.Context(), routes.Query{From: "preference", To: "recommendation", Namespace: namespace})
	if err != nil || len(routes) != 1 || routes[0].Host.Routes[0].From != "r9" {
		t.Errorf("routes %+v, %v", routes, err)
	}
	if !slices.Contains(routes[0].Warnings, "r0 never acts: r9 (precedence 9) takes every request first") {
		t.Errorf("warnings %q", routes[0].Warnings)
	}
}

// Nobody loses a request while pods come and go and rules change.
func TestNoRequestIsLost(t *testing.T) {
	t.Parallel()
	l := up(t)
	ctx, cancel := context.WithCancel(t.Context())
	bad := make(chan string, 1)
	count := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			text, err := get(context.WithoutCancel(ctx), l.ingress)
			if err != nil || !strings.HasPrefix(text, "customer => preference => recommendation v") {
				select {
				case bad <- fmt.Sprintf("%q, %v", text, err):
				default:
				}
			}
			n++
		}
		count <- n
	}()
	l.must(t, objects.Apply, "deploy/recommendation/Deployment-v2.yml")
	l.rollout(t, "recommendation-v2")
	for _, replicas := range []int{3, 1} {
		if _, err := l.Scale(t.Context(), control.Scale{Selection: sel("deployment", "recommendation-v1"), Replicas: replicas}); err != nil {
			t.Fatal(err)
		}
		l.rollout(t, "recommendation-v1")
	}
	for _, name := range []string{"recommendation-v1", "preference", "customer"} {
		env := control.SetEnv{Selection: sel("deployment/" + name), Set: map[string]string{"LOG_FORMAT": "text"}}
		if _, err := l.SetEnv(t.Context(), env); err != nil {
			t.Fatal(err)
		}
		l.rollout(t, name)
	}
	for range 5 {
		l.must(t, objects.Create, "istiofiles/route-rule-recommendation-v1_and_v2.yml")
		l.must(t, objects.Delete, "istiofiles/route-rule-recommendation-v1_and_v2.yml")
	}
	l.must(t, objects.Delete, "deploy/recommendation/Deployment-v2.yml")
	labtest.Until(t, func() error {
		if s, err := l.Status(t.Context()); err != nil || len(s.Pods) != 3 {
			return fmt.Errorf("%d pods, %w", len(s.Pods), err)
		}
		return nil
	})
	cancel()
	if n := <-count; n < 50 {
		t.Errorf("only %d requests", n)
	}
	select {
	case text := <-bad:
		t.Errorf("an answer: %s", text)
	default:
	}
}
