//go:build cluster

package cluster

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/e2e/cmdline"
)

// TestFiles holds that the API server takes every manifest and every rule of today, as strictly as
// the published CRDs have it, with the CEL rules in them. Nothing of it is kept, and no Istio need
// be there: a CRD that is missing is there for the test.
func TestFiles(t *testing.T) {
	makeNamespace(t)
	installCRDs(t)
	t.Run("files", func(t *testing.T) {
		for _, file := range files(t) {
			if out, err := dryRun(t, file, ""); err != nil {
				t.Errorf("%s: %v: %s", file, err, out)
			}
		}
	})
	for _, overlay := range []string{"deploy", "deploy/overlays/istio", "deploy/overlays/ambient", "deploy/overlays/observability"} {
		out, err := cmdline.Line{Argv: []string{"kubectl", "apply", "--dry-run=server", "-k", overlay}}.Try(t)
		if err != nil {
			t.Errorf("%s: %v: %s", overlay, err, out)
		}
	}
	t.Run("converted", converted)
}

// makeNamespace has the tutorial's namespace until the test ends, where it is not there: a dry run needs it, too.
func makeNamespace(t *testing.T) {
	t.Helper()
	if cmdline.Run(t, "kubectl", "get", "namespace", namespace, "--ignore-not-found") == "" {
		cmdline.Run(t, "kubectl", "create", "namespace", namespace)
		t.Cleanup(func() { undo(t, "kubectl", "delete", "namespace", namespace, "--timeout=2m") })
	}
}

// converted holds that what `convert` says of the rules of 2018 is taken, too.
func converted(t *testing.T) {
	rules, err := filepath.Glob("../../istiofiles/*.yml")
	if err != nil || len(rules) < 25 {
		t.Fatalf("%d files: %v", len(rules), err)
	}
	together := []string{"bin/lab", "convert"} // the parts of a rate limit, none of which acts alone
	lines := [][]string{}
	for _, rule := range rules {
		file := strings.TrimPrefix(rule, "../../")
		if strings.Contains(file, "rate_limit") {
			together = append(together, "-f", file)
			continue
		}
		lines = append(lines, []string{"bin/lab", "convert", "-f", file})
		if strings.Contains(file, "-retry") || strings.Contains(file, "-v2.yml") {
			lines = append(lines, []string{"bin/lab", "convert", "--to=gateway-api", "-f", file})
		}
	}
	for _, line := range append(lines, together) {
		text := cmdline.Run(t, line...)
		if out, err := dryRun(t, "-", text); err != nil {
			t.Errorf("%s: %v: %s\n%s", strings.Join(line, " "), err, out, text)
		}
	}
}

func dryRun(t *testing.T, file, text string) (string, error) {
	t.Helper()
	argv := []string{"kubectl", "-n", namespace, "apply", "--dry-run=server", "--validate=strict", "-f", file}
	return cmdline.Line{Argv: argv, Stdin: text}.Try(t)
}

// files returns all manifests and rules of today, by their paths from the root.
func files(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, folder := range []string{"deploy", "istiofiles/v1", "istiofiles/gateway-api"} {
		err := filepath.WalkDir("../../"+folder, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || d.IsDir() || filepath.Ext(path) != ".yml":
				return err
			case strings.Contains(path, "ingress/classic/"):
				return nil // for the Kubernetes of 2018; lab/manifests decodes it
			}
			list = append(list, strings.TrimPrefix(path, "../../"))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < 60 {
		t.Fatalf("%d files only", len(list))
	}
	return list
}

// installCRDs has those of Istio and of the Gateway API's experimental channel, as their modules
// publish them, until the test ends; not where the cluster has its own.
func installCRDs(t *testing.T) {
	t.Helper()
	gateway := filepath.Join(module(t, "sigs.k8s.io/gateway-api"), "config/crd/experimental/gateway.networking.k8s.io_")
	there := strings.Fields(cmdline.Run(t, "kubectl", "get", "crd", "-o", "name"))
	for file, name := range map[string]string{
		filepath.Join(module(t, "istio.io/api"), "kubernetes/customresourcedefinitions.gen.yaml"): "virtualservices.networking.istio.io",
		gateway + "gateways.yaml":   "gateways.gateway.networking.k8s.io",
		gateway + "httproutes.yaml": "httproutes.gateway.networking.k8s.io",
	} {
		if slices.ContainsFunc(there, func(crd string) bool { return strings.HasSuffix(crd, "/"+name) }) {
			t.Logf("the cluster has its own %s", name)
			continue
		}
		cmdline.Run(t, "kubectl", "apply", "--server-side", "-f", file)
		t.Cleanup(func() { undo(t, "kubectl", "delete", "--ignore-not-found", "-f", file) })
		cmdline.Run(t, "kubectl", "wait", "--for=condition=Established", "--timeout=1m", "-f", file)
	}
}

// undo runs when the test's own context has ended.
func undo(t *testing.T, argv ...string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", strings.Join(argv, " "), err, out)
	}
}

// module returns the folder of a module that the lab needs.
func module(t *testing.T, path string) string {
	t.Helper()
	dir := strings.TrimSpace(cmdline.Line{
		Argv: []string{"go", "-C", "lab", "list", "-m", "-f", "{{.Dir}}", path}, Env: []string{"GOWORK=off"},
	}.Run(t))
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
