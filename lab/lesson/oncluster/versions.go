package oncluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"istio-tutorial/lab/cluster"
)

// Versions is what a cluster runs.
type Versions struct{ Kubernetes, Istio, GatewayAPI string }

// String names all three.
func (v Versions) String() string {
	return fmt.Sprintf("Kubernetes %s, Istio %s, Gateway API %s", v.Kubernetes, v.Istio, v.GatewayAPI)
}

// Versions asks the cluster what it runs; the error says what the lessons need that it has not.
func (g *Ground) Versions(ctx context.Context) (v Versions, err error) {
	text, err := g.kubectl(ctx, "", "version", "-o", "json")
	if err != nil {
		return v, err
	}
	var kubernetes struct{ ServerVersion struct{ GitVersion string } }
	if err := json.Unmarshal([]byte(text), &kubernetes); err != nil {
		return v, fmt.Errorf("kubectl version: %w", err)
	}
	v.Kubernetes = kubernetes.ServerVersion.GitVersion
	if v.Istio, err = g.istio(ctx); err != nil {
		return v, err
	}
	v.GatewayAPI, err = g.kubectl(ctx, "", "get", "crd", "httproutes.gateway.networking.k8s.io", "--ignore-not-found",
		"-o", `jsonpath={.metadata.annotations.gateway\.networking\.k8s\.io/bundle-version} ({.metadata.annotations.gateway\.networking\.k8s\.io/channel})`)
	if err == nil && v.GatewayAPI == "" {
		err = errors.New("the cluster has no Gateway API; docs/on-your-cluster.md says how to install it")
	}
	return v, err
}

func (g *Ground) istio(ctx context.Context) (string, error) {
	var out, words bytes.Buffer
	line := cluster.Line{Tool: cluster.Istioctl, Args: []string{"version", "-o", "json"}}
	if err := g.Tools.Run(ctx, line, cluster.Streams{Out: &out, Err: &words}); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(words.String()))
	}
	text := out.String()
	var istio struct {
		MeshVersion []struct{ Info struct{ Version string } }
	}
	if start := strings.Index(text, "{"); start > 0 { // it may say something before
		words.WriteString(text[:start])
		text = text[start:]
	}
	if err := json.Unmarshal([]byte(text), &istio); err != nil {
		return "", fmt.Errorf("istioctl version: %w", err)
	}
	if len(istio.MeshVersion) == 0 {
		return "", noIstio(words.String())
	}
	return istio.MeshVersion[0].Info.Version, nil
}

// noIstio is why istioctl knows no version of a control plane: there is none, or none that answers.
func noIstio(words string) error {
	const absent = "Istio is not present"
	if words = strings.TrimSpace(words); words == "" || strings.Contains(words, absent) {
		return errors.New("the cluster has no Istio that runs; docs/on-your-cluster.md says how to install it")
	}
	return errors.New("istiod does not answer: " + words)
}

// pin writes a kubeconfig for this cluster alone: whatever else is chosen meanwhile, the pages' commands stay
// with it.
func (g *Ground) pin(ctx context.Context) error {
	text, err := g.kubectl(ctx, "", "config", "view", "--minify", "--flatten", "--raw")
	if err != nil {
		return err
	}
	file := filepath.Join(g.dir, "kubeconfig")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	g.Environ = append(g.Environ[:len(g.Environ):len(g.Environ)], "KUBECONFIG="+file)
	return nil
}
