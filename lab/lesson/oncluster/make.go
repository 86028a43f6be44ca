package oncluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"istio-tutorial/lab/cluster"
)

// label is on every namespace that the ground makes: what has it not, it does not touch.
const label = "istio-tutorial.verify"

const (
	// created is how long all of the chain may take to be there.
	created = 3 * time.Minute
	// gone is how long a namespace may take to be gone.
	gone = 2 * time.Minute
)

// ErrThere is that the namespace is there already.
var ErrThere = errors.New("it is there already; name another with --namespace, or take what an earlier run has left with --reuse")

// make makes all that the pages need, and waits until it serves.
func (g *Ground) make(ctx context.Context) error {
	if err := g.claim(ctx); err != nil {
		return err
	}
	if g.dir == "" {
		dir, err := os.MkdirTemp("", "lessons")
		if err != nil {
			return err
		}
		g.dir = dir
		if err := errors.Join(g.copyFiles(dir), g.pin(ctx)); err != nil {
			return err
		}
	}
	g.Say("making the chain and a way in, in namespace " + g.Tools.Namespace)
	files, err := g.chain(ctx)
	if err != nil {
		return err
	}
	if _, err := g.kubectl(ctx, files, "apply", "-f", "-"); err != nil {
		return err
	}
	wait := fmt.Sprintf("--timeout=%v", created)
	for _, args := range [][]string{
		{"wait", "--for=create", wait, "deployment/" + gateway},
		{"wait", "--for=condition=Available", wait, "deployment", "--all"},
	} {
		if _, err := g.kubectl(ctx, "", args...); err != nil {
			return errors.Join(err, errors.New(strings.Join(g.podTable(ctx), "\n")))
		}
	}
	if g.pods != nil {
		g.pods.close()
	}
	g.pods = newPods(g)
	if g.way != nil {
		g.way.close()
	}
	if g.way, err = g.openWay(ctx); err != nil {
		return err
	}
	return g.settle(ctx)
}

// claim makes the namespace, or takes one that an earlier run has made.
func (g *Ground) claim(ctx context.Context) error {
	name := g.Tools.Namespace
	found, err := g.kubectl(ctx, "", "get", "namespace", name, "--ignore-not-found", "-o", "json")
	if err != nil {
		return err
	}
	if strings.TrimSpace(found) == "" {
		g.made = true
		_, err := g.kubectl(ctx, fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q,"labels":{"istio-injection":"enabled",%q:"true"}}}`,
			name, label), "create", "-f", "-")
		return err
	}
	var there struct {
		Metadata struct{ Labels map[string]string }
	}
	switch err := json.Unmarshal([]byte(found), &there); {
	case err != nil:
		return fmt.Errorf("namespace %s: %w", name, err)
	case there.Metadata.Labels[label] == "":
		return fmt.Errorf("namespace %s: it is not one of `verify`, and is not touched; name another with --namespace", name)
	case !g.Reuse:
		return fmt.Errorf("namespace %s: %w", name, ErrThere)
	}
	g.made = true
	return nil
}

// chain is what is applied: the folders of the overlay, and the way in.
func (g *Ground) chain(ctx context.Context) (string, error) {
	var all strings.Builder
	for _, service := range []string{"recommendation", "preference", "customer"} {
		text, err := g.kubectl(ctx, "", "kustomize", filepath.Join(g.dir, "deploy", service))
		if err != nil {
			return "", err
		}
		all.WriteString(text + "---\n")
	}
	gate := strings.NewReplacer("NAMESPACE", g.Tools.Namespace, "CONFIG", proxyConfig).Replace(gatewayYML)
	all.WriteString(gate + "---\n" + routeYML)
	moved, err := cluster.Move("chain.yml", []byte(all.String()), origin, g.Tools.Namespace)
	return string(moved), err
}

// remove deletes the namespace, and returns once it is gone.
func (g *Ground) remove(ctx context.Context) error {
	g.Say("deleting namespace " + g.Tools.Namespace)
	_, err := g.kubectl(ctx, "", "delete", "namespace", "-l", label, "--field-selector", "metadata.name="+g.Tools.Namespace,
		fmt.Sprintf("--timeout=%v", gone))
	return err
}
