package oncluster

import (
	_ "embed" // the way in
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"istio-tutorial/lab/objects"
)

const (
	gateway    = "way-in"         // the ground's own, and all that belongs to it
	ingress    = "ingress"        // the route that stands in the place of the Ingress
	origin     = "istio-tutorial" // the namespace of the files
	ingressYML = "deploy/ingress/ingress.yml"
)

var (
	//go:embed gateway.yml
	gatewayYML string
	//go:embed route.yml
	routeYML string
)

// proxyConfig is that of every sidecar: one worker thread, so that pods answer in turn; all counters; and
// what a change of a listener leaves of the old one ends soon, so that the ground can wait for its end.
const proxyConfig = `{"concurrency":1,"drainDuration":"1s","proxyStatsMatcher":{"inclusionRegexps":[".*"]}}`

// annotations is where a Deployment's pods have theirs.
var annotations = regexp.MustCompile(`(?m)^      annotations:\n`)

// copyFiles fills a folder with links to all of the repository, and with copies of deploy/ and istiofiles/ in
// which pods have the ground's proxies, and rules for the edge are for the ground's gateway.
func (g *Ground) copyFiles(dir string) error {
	root, err := filepath.Abs(g.Folder)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(root, e.Name()), filepath.Join(dir, e.Name())
		switch e.Name() {
		case "deploy", "istiofiles":
			err = g.copyFolder(from, to)
		default:
			err = os.Symlink(from, to)
		}
		if err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, ingressYML), []byte(g.route()), 0o600)
}

func (g *Ground) copyFolder(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		if e.IsDir() {
			err = g.copyFolder(from, to)
		} else {
			err = g.copyFile(from, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *Ground) copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	text := string(data)
	if strings.HasPrefix(filepath.Base(from), "Deployment") {
		text = annotations.ReplaceAllString(text, "${0}        proxy.istio.io/config: '"+proxyConfig+"'\n")
		if g.world != nil && strings.Contains(from, "/egress/") {
			text = g.world.leads(text)
		}
	}
	return os.WriteFile(to, []byte(g.edge(text)), 0o600)
}

// gatewayNamespace is where the ground's gateway is. As Istio's own it has a namespace of its own, so that policies for
// all pods of the pages' are not for it; but a Gateway of the Gateway API selects none but those of its own namespace.
func (g *Ground) gatewayNamespace() string {
	if g.edition == string(objects.GatewayAPI) {
		return g.Tools.Namespace
	}
	return g.Tools.Namespace + "-ingress"
}

// route is what stands in the place of the Ingress.
func (g *Ground) route() string { return strings.ReplaceAll(routeYML, "WAYIN", g.gatewayNamespace()) }

// edge is a text whose rules for Istio's ingress gateway, which is everybody's, are for the ground's own.
func (g *Ground) edge(text string) string {
	in := g.gatewayNamespace()
	return strings.NewReplacer(
		"istio: ingressgateway", "istio: "+g.Tools.Namespace,
		"namespace: istio-system", "namespace: "+in,
		" -n istio-system", " -n "+in,
		"ns/istio-system/sa/istio-ingressgateway-service-account", "ns/"+in+"/sa/"+gateway,
		"  gatewayClassName: istio\n", "  gatewayClassName: istio\n  addresses: [{type: Hostname, value: "+
			gateway+"."+in+".svc.cluster.local}]\n",
	).Replace(text)
}
