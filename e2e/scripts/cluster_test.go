package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/e2e/cmdline"
)

// ground is a machine for bin/cluster.sh, with stand-ins for the tools that make a cluster: where these
// tests run, no image of a node can be pulled. They hold the order of the commands and their arguments,
// and nothing of what the real tools do with them.
type ground struct {
	t     *testing.T
	root  string // has bin/cluster.sh, and out/
	state string // the memory of the stand-ins
	path  string // of the tools
}

func newGround(t *testing.T, tools ...string) *ground {
	t.Helper()
	root := t.TempDir()
	g := &ground{t, root, filepath.Join(root, "state"), filepath.Join(root, "path")}
	for _, dir := range []string{"state", "path", "bin"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyFile(t, "../../bin/cluster.sh", filepath.Join(root, "bin/cluster.sh"))
	for _, tool := range append(tools, "make") {
		copyFile(t, "testdata/stand-in.sh", filepath.Join(g.path, tool))
	}
	for _, tool := range []string{"sh", "cat", "dirname", "grep", "head", "mkdir", "mv", "rm", "sed", "sleep"} {
		real, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(g.path, tool)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeProgram(t, to, data)
}

// writeProgram writes a file that can be run. No other test starts anything meanwhile: what it starts would
// have the file open for writing till it is another program, and a system runs no such file (ETXTBSY).
func writeProgram(t *testing.T, path string, data []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

// note has the stand-ins find a file in their memory.
func (g *ground) note(name, text string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.state, name), []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func (g *ground) forget(name string) { _ = os.Remove(filepath.Join(g.state, name)) }

func (g *ground) start(verb string, env ...string) *script {
	g.t.Helper()
	g.forget("log")
	env = append([]string{"PATH=" + g.path, "STATE=" + g.state, "CLUSTER=", "NAME=", "LOAD=", "OVERLAY=", "NAMESPACE="}, env...)
	return start(g.t, env, filepath.Join(g.root, "bin/cluster.sh"), verb)
}

// runs starts the verb, which must end with the status and have said so.
func (g *ground) runs(verb string, status int, says string, env ...string) string {
	g.t.Helper()
	s := g.start(verb, env...)
	if code := s.status(g.t); code != status || !strings.Contains(s.out.String(), says) {
		g.t.Errorf("%s: status %d, want %d and %q:\n%s", verb, code, status, says, s.out)
	}
	return s.out.String()
}

// opens starts up, waits for the way in, and ends it by Ctrl-C.
func (g *ground) opens(env ...string) string {
	g.t.Helper()
	s := g.start("up", env...)
	s.says(g.t, "forwarding")
	_ = syscall.Kill(-s.Process.Pid, syscall.SIGINT)
	if code := s.status(g.t); code != 0 {
		g.t.Errorf("status %d after Ctrl-C:\n%s", code, s.out)
	}
	return s.out.String()
}

// acts returns what the stand-ins were asked to do, without what only asks.
func (g *ground) acts() []string {
	g.t.Helper()
	data, err := os.ReadFile(filepath.Join(g.state, "log"))
	if err != nil && !os.IsNotExist(err) {
		g.t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(data)), "\n"), func(line string) bool {
		return line == "" || slices.ContainsFunc([]string{"kind get", "minikube status", "docker info", "kubectl config", "istioctl version",
			" get crd ", " get namespace ", " get deployment "}, func(asks string) bool { return strings.Contains(line, asks) })
	})
}

func (g *ground) did(want ...string) {
	g.t.Helper()
	if got := g.acts(); !slices.Equal(got, want) {
		g.t.Errorf("it did\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The steps behind the cluster.
func steps(context string) (kinds, istio string, rest []string) {
	c := "kubectl --context " + context
	return c + " apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/experimental-install.yaml",
		"istioctl --context " + context + " install -y --set profile=default --set meshConfig.accessLogFile=/dev/stdout",
		[]string{
			c + " apply -k deploy/overlays/istio",
			c + " -n istio-tutorial wait --for=create --timeout=2m deployment/customer-gateway-istio",
			c + " -n istio-tutorial wait --for=condition=Available --timeout=5m deployment --all",
			c + " -n istio-tutorial get pods",
			c + " -n istio-tutorial port-forward service/customer-gateway-istio 8280:80",
		}
}

func TestCluster(t *testing.T) {
	for _, c := range []struct{ tool, context, create, load, remove string }{
		{"kind", "kind-istio-tutorial", "kind create cluster --name istio-tutorial --wait 2m",
			"make -s load KIND_CLUSTER_NAME=istio-tutorial", "kind delete cluster --name istio-tutorial"},
		{"minikube", "istio-tutorial", "minikube start -p istio-tutorial --cpus 2 --memory 4g",
			"make -s load MINIKUBE_PROFILE=istio-tutorial", "minikube delete -p istio-tutorial"},
	} {
		t.Run(c.tool, func(t *testing.T) {
			g := newGround(t, "kubectl", "istioctl", "docker", c.tool)
			kinds, istio, rest := steps(c.context)
			said := g.opens()
			g.did(append([]string{c.create, kinds, istio, "make -s images", c.load}, rest...)...)
			for _, act := range g.acts() {
				if !strings.Contains(strings.ReplaceAll(said, "'", ""), "\n$ "+act+"\n") {
					t.Errorf("it did not print %s:\n%s", act, said)
				}
			}
			g.opens() // which goes on
			g.did(append([]string{"make -s images", c.load}, rest...)...)
			g.runs("down", 0, "")
			g.did(c.remove)
			g.runs("down", 0, "nothing to remove")
			g.did()
		})
	}
}

// A step that breaks is done again by the next call, and those before it are not.
func TestClusterGoesOn(t *testing.T) {
	g := newGround(t, "kubectl", "istioctl", "docker", "kind")
	g.note("fail", " install ")
	g.runs("up", 7, "it is broken")
	_, istio, rest := steps("kind-istio-tutorial")
	g.forget("fail")
	g.opens()
	g.did(append([]string{istio, "make -s images", "make -s load KIND_CLUSTER_NAME=istio-tutorial"}, rest...)...)
}

// Ctrl-C while a step lasts says how to go on. A half-made cluster is made anew; one that was deleted by
// hand as well, with all that was in it.
func TestClusterInterrupted(t *testing.T) {
	g := newGround(t, "kubectl", "istioctl", "docker", "kind")
	kinds, istio, rest := steps("kind-istio-tutorial")
	const create = "kind create cluster --name istio-tutorial --wait 2m"
	whole := append([]string{create, kinds, istio, "make -s images", "make -s load KIND_CLUSTER_NAME=istio-tutorial"}, rest...)
	g.note("hold", "kind create")
	s := g.start("up")
	s.says(t, "holding")
	_ = syscall.Kill(-s.Process.Pid, syscall.SIGINT)
	if code := s.status(t); code != 130 || !strings.Contains(s.out.String(), "make cluster goes on from here, make cluster-down removes") {
		t.Errorf("status %d after Ctrl-C:\n%s", code, s.out)
	}
	g.forget("hold")
	g.opens()
	g.did(append([]string{"kind delete cluster --name istio-tutorial"}, whole...)...)
	for _, gone := range []string{"cluster", "crds", "istio", "namespace"} {
		g.forget(gone)
	}
	g.opens()
	g.did(whole...)
}

// What others made stays: a cluster of the same name, a namespace, Istio and the Gateway API.
func TestClusterOfOthers(t *testing.T) {
	g := newGround(t, "kubectl", "istioctl", "docker", "kind")
	g.note("cluster", "istio-tutorial\n")
	g.runs("up", 1, "kind has a cluster istio-tutorial, which this script did not make")
	g.did()
	g.runs("down", 0, "nothing to remove")
	g.did()

	_, _, rest := steps("theirs")
	here := []string{"CLUSTER=here", "LOAD=loader"}
	g.note("crds", "")
	g.note("istio", "")
	if said := g.opens(here...); strings.Count(said, "there already, and not by this script: it stays as it is") != 2 {
		t.Errorf("it said:\n%s", said)
	}
	g.did(append([]string{"make -s images", "make -s load LOAD=loader"}, rest...)...)
	g.runs("up", 1, `the last call made or used "here theirs"`, "CLUSTER=kind")
	g.runs("down", 0, "")
	g.did("kubectl --context theirs delete -k deploy/overlays/istio --ignore-not-found")

	g.note("namespace", "")
	g.runs("up", 1, "namespace istio-tutorial is there already, and not by this script", here...)
	g.runs("down", 0, "")
	g.did()
}

// What it added to a cluster that was there goes, the last first.
func TestClusterLeaves(t *testing.T) {
	g := newGround(t, "kubectl", "istioctl")
	g.opens("CLUSTER=here", "LOAD=loader", "OVERLAY=deploy/mine", "NAMESPACE=mine")
	g.runs("down", 0, "")
	g.did("kubectl --context theirs delete -k deploy/mine --ignore-not-found",
		"istioctl --context theirs uninstall --purge -y",
		"kubectl --context theirs delete namespace istio-system --ignore-not-found",
		"kubectl --context theirs delete --ignore-not-found -f "+
			"https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/experimental-install.yaml")
}

func TestClusterNamesWhatIsMissing(t *testing.T) {
	g := newGround(t)
	said := g.runs("up", 1, "tools are missing")
	for _, line := range []string{
		"kubectl: not found; it is from https://kubernetes.io/",
		"istioctl: not found; it is from https://istio.io/",
		"docker: not found; it is from https://docs.docker.com/",
		"kind: not found; it is from https://kind.sigs.k8s.io/",
	} {
		if !strings.Contains(said, line) {
			t.Errorf("it does not say %q:\n%s", line, said)
		}
	}
	newGround(t, "kubectl", "docker", "minikube").runs("up", 1, "istioctl: not found", "CLUSTER=minikube")
	g = newGround(t, "kubectl", "istioctl", "docker", "kind")
	g.note("fail", "docker info")
	g.runs("up", 1, "docker: it is installed, but its engine does not answer")
	g.runs("up", 2, "want kind, minikube or here", "CLUSTER=k3s")
	g.did()
}

// The images go into the cluster that is meant.
func TestLoad(t *testing.T) {
	g := newGround(t, "kind", "minikube", "docker")
	run := func(env ...string) (string, error) {
		g.forget("log")
		env = append(env, "PATH="+g.path+":"+os.Getenv("PATH"), "STATE="+g.state)
		return cmdline.Line{Argv: []string{"bin/images.sh", "load"}, Env: env}.Try(t)
	}
	g.note("cluster", "one\n")
	for _, c := range []struct{ env, want string }{
		{"A=B", "kind load docker-image --name one istio-tutorial-customer:v1 "},
		{"KIND_CLUSTER_NAME=two", "kind load docker-image --name two istio-tutorial-customer:v1 "},
		{"MINIKUBE_PROFILE=three", "minikube -p three image load istio-tutorial-customer:v1"},
	} {
		if out, err := run(c.env); err != nil || !strings.HasPrefix(g.acts()[0], c.want) {
			t.Errorf("%s: %v, %q:\n%s", c.env, err, g.acts(), out)
		}
	}
	g.note("cluster", "one\ntwo\n")
	if out, err := run(); err == nil || !strings.Contains(out, "kind has several clusters; name one by KIND_CLUSTER_NAME: one two") {
		t.Errorf("%v: %s", err, out)
	}
	g.forget("cluster")
	if out, err := run(); err != nil || g.acts()[0] != "minikube image load istio-tutorial-customer:v1" {
		t.Errorf("%v, %q: %s", err, g.acts(), out)
	}
}
