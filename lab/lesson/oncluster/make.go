package oncluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
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
	if err := g.claim(ctx, g.Tools.Namespace, map[string]string{"istio-injection": "enabled"}); err != nil {
		return err
	}
	if err := g.claim(ctx, g.gatewayNamespace(), nil); err != nil {
		return err
	}
	if err := g.openWorld(ctx); err != nil {
		return err
	}
	if err := g.copyOnce(ctx); err != nil {
		return err
	}
	if err := g.serve(ctx); err != nil {
		return err
	}
	if g.pods != nil {
		g.pods.close()
	}
	g.pods = newPods(g)
	if err := g.openWays(ctx); err != nil {
		return err
	}
	return errors.Join(g.settle(ctx), g.reachInternet(ctx))
}

// copyOnce makes the pages' copy of the repository.
func (g *Ground) copyOnce(ctx context.Context) error {
	if g.dir != "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "lessons")
	if err != nil {
		return err
	}
	g.dir = dir
	return errors.Join(g.copyFiles(dir), g.pin(ctx))
}

// serve makes the chain and the way in, and waits until they are available.
func (g *Ground) serve(ctx context.Context) error {
	g.Say("making the chain and a way in, in namespace " + g.Tools.Namespace)
	files, err := g.chain(ctx)
	if err != nil {
		return err
	}
	if _, err := g.kubectl(ctx, files, "apply", "-f", "-"); err != nil {
		return err
	}
	gate := strings.NewReplacer(
		"NAMESPACE", g.Tools.Namespace, "CONFIG", proxyConfig, "ALIASES", g.world.aliases(),
	).Replace(gatewayYML)
	if _, err := g.atGateway(ctx, gate, "apply", "-f", "-"); err != nil {
		return err
	}
	if err := g.available(ctx); err != nil {
		return errors.Join(err, errors.New(strings.Join(g.podTable(ctx), "\n")))
	}
	return nil
}

// available waits for all Deployments.
func (g *Ground) available(ctx context.Context) error {
	args := []string{"wait", "--for=condition=Available", fmt.Sprintf("--timeout=%v", created), "deployment", "--all"}
	if _, err := g.kubectl(ctx, "", args...); err != nil {
		return err
	}
	_, err := g.atGateway(ctx, "", args...)
	return err
}

// atGateway runs a line of kubectl in the gateway's namespace.
func (g *Ground) atGateway(ctx context.Context, stdin string, args ...string) (string, error) {
	t := g.Tools
	t.Namespace = g.gatewayNamespace()
	return t.Output(ctx, stdin, cluster.Line{Tool: cluster.Kubectl, Args: args})
}

// claim makes a namespace, or takes one that an earlier run has made.
func (g *Ground) claim(ctx context.Context, name string, labels map[string]string) error {
	if slices.Contains(g.made, name) {
		return nil
	}
	found, err := g.kubectl(ctx, "", "get", "namespace", name, "--ignore-not-found", "-o", "json")
	if err != nil {
		return err
	}
	if strings.TrimSpace(found) == "" {
		all := map[string]string{label: "true"}
		maps.Copy(all, labels)
		text, err := json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": all},
		})
		if err != nil {
			return err
		}
		g.made = append(g.made, name)
		_, err = g.kubectl(ctx, string(text), "create", "-f", "-")
		return err
	}
	var there struct {
		Metadata struct{ Labels map[string]string }
	}
	switch err := json.Unmarshal([]byte(found), &there); {
	case err != nil:
		return fmt.Errorf("namespace %s: %w", name, err)
	case there.Metadata.Labels[label] == "":
		return &lesson.NoGroundError{Err: fmt.Errorf(
			"namespace %s: it is there, and not made by verify, so it is not touched; name another with --namespace", name)}
	case !g.Reuse:
		return &lesson.NoGroundError{Err: fmt.Errorf("namespace %s: %w", name, ErrThere)}
	}
	g.made = append(g.made, name)
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
	if g.world != nil {
		text, err := g.world.believes()
		if err != nil {
			return "", err
		}
		all.WriteString(text + "\n---\n")
	}
	all.WriteString(g.route())
	moved, err := cluster.Move("chain.yml", []byte(all.String()), origin, g.Tools.Namespace)
	return string(moved), err
}

// remove deletes namespaces of the ground's, and returns once they are gone.
func (g *Ground) remove(ctx context.Context, names ...string) error {
	var errs []error
	for _, name := range names {
		g.Say("deleting namespace " + name)
		_, err := g.kubectl(ctx, "", "delete", "namespace", "-l", label, "--field-selector", "metadata.name="+name,
			fmt.Sprintf("--timeout=%v", gone))
		if err == nil {
			g.made = slices.DeleteFunc(slices.Clone(g.made), func(made string) bool { return made == name })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
