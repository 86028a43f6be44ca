//go:build cluster

package oncluster

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/load"
)

// TestGround makes a place on the cluster that KUBECONFIG names, asks it for all that a page needs of one, and leaves
// nothing.
func TestGround(t *testing.T) {
	g := &Ground{
		Tools:  cluster.Tools{Namespace: fmt.Sprintf("ground-test-%d", os.Getpid()), Environ: os.Environ()},
		Folder: "../../..", Environ: os.Environ(), Say: func(line string) { t.Log(line) },
	}
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		left, err := g.Tools.Output(context.Background(), "", cluster.Line{Tool: cluster.Kubectl, Args: []string{"get", "namespaces", "-o", "name"}})
		if strings.Contains(left, g.Tools.Namespace) || err != nil {
			t.Errorf("left: %s, %v", left, err)
		}
	}()
	for _, edition := range []string{"v1", "gateway-api"} {
		p, err := g.Start(t.Context(), edition, 0)
		if err != nil {
			t.Fatal(err)
		}
		asks(t, p)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func asks(t *testing.T, p lesson.Place) {
	t.Helper()
	count := func(of string) int {
		values, err := p.Stats(t.Context(), of, "downstream_rq_completed")
		if err != nil {
			t.Errorf("%s: %v", of, err)
		}
		sum := 0
		for _, n := range values {
			sum += n
		}
		return sum
	}
	before, gate, began := count("customer"), count(lesson.Ingress), time.Now()
	var hits []load.Hit
	for _, from := range []string{"", "recommendation-v1"} {
		cfg := load.Config{URL: "http://customer:8080", Users: 1, Requests: 5, Keep: 1 << 10, Each: func(h load.Hit) { hits = append(hits, h) }}
		if _, err := p.Send(t.Context(), from, cfg); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range hits {
		if !strings.HasPrefix(string(h.Body), "customer => preference => recommendation v1") {
			t.Errorf("%s, %v", h.Body, h.Err)
		}
	}
	if rose := count("customer") - before; rose < 10 || len(hits) != 10 {
		t.Errorf("%d answers, the counter rose by %d", len(hits), rose)
	}
	if rose := count(lesson.Ingress) - gate; rose < 5 {
		t.Errorf("the gateway's rose by %d", rose)
	}
	lines := 0
	for line, err := range p.Logs(t.Context(), "preference", began) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, `"path":"/"`) {
			lines++
		}
	}
	if lines < 10 {
		t.Errorf("%d lines of preference", lines)
	}
	if _, err := p.Stats(t.Context(), "nobody", "x"); err == nil {
		t.Error("a Deployment that is not there has counters")
	}
}
