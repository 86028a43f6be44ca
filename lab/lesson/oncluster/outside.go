package oncluster

import (
	"bytes"
	"context"
	_ "embed" // the hosts outside
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/outside"
)

//go:embed outside.yml
var outsideYML string

// world is what stands in for the hosts outside.
type world struct {
	address   string // of its Service
	authority string // the certificate of who signs for its hosts, in PEM
}

// trusted is the ConfigMap with it, and where a sidecar looks for whom it believes.
const (
	trusted     = "outside-authority"
	trustedFile = "/etc/ssl/certs/ca-certificates.crt"
)

// outsideTools act on the namespace of the hosts outside.
func (g *Ground) outsideTools() cluster.Tools {
	t := g.Tools
	t.Namespace += "-outside"
	return t
}

// openWorld makes the hosts outside, unless a page needs none or the real ones are wanted.
func (g *Ground) openWorld(ctx context.Context) error {
	if !g.Outside || g.world != nil {
		return nil
	}
	t := g.outsideTools()
	g.Say("making the hosts outside, in namespace " + t.Namespace)
	if err := g.claim(ctx, t.Namespace, nil); err != nil {
		return err
	}
	ca, err := outside.NewAuthority(time.Now())
	if err != nil {
		return err
	}
	public, whole, err := ca.PEM()
	if err != nil {
		return err
	}
	secret, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": "authority"},
		"stringData": map[string]string{"ca.pem": string(whole)},
	})
	if err != nil {
		return err
	}
	run := func(stdin string, args ...string) (string, error) {
		return t.Output(ctx, stdin, cluster.Line{Tool: cluster.Kubectl, Args: args})
	}
	if _, err := run(string(secret)+"\n---\n"+outsideYML, "apply", "-f", "-"); err != nil {
		return err
	}
	if _, err := run("", "rollout", "restart", "deployment/outside"); err != nil { // one that was there has another key
		return err
	}
	if _, err := run("", "rollout", "status", "deployment/outside", fmt.Sprintf("--timeout=%v", created)); err != nil {
		return err
	}
	address, err := run("", "get", "service", "outside", "-o", "jsonpath={.spec.clusterIP}")
	g.world = &world{address: address, authority: string(public)}
	return err
}

// reachInternet is an error where pages want the real hosts, and no pod of the cluster reaches one.
func (g *Ground) reachInternet(ctx context.Context) error {
	if !g.Internet {
		return nil
	}
	host := hostsOutside()[0]
	var words bytes.Buffer
	err := g.Tools.Run(ctx, cluster.Line{Tool: cluster.Kubectl, Args: []string{
		"exec", "deployment/recommendation-v1", "-c", "recommendation", "--", "recommendation", "get", "http://" + host + "/user-agent",
	}}, cluster.Streams{Err: &words})
	if err == nil || ctx.Err() != nil {
		return err
	}
	cause, _, _ := strings.Cut(words.String(), "\n")
	return &lesson.NoGroundError{Err: fmt.Errorf(
		"--internet: no pod of this cluster reaches %s: %s; without --internet a pod stands in for it", host, cause)}
}

// believes is a ConfigMap with the authority, for the sidecars of pods that call out.
func (w *world) believes() (string, error) {
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]string{"name": trusted, "namespace": origin},
		"data": map[string]string{"ca.crt": w.authority},
	})
	return string(text), err
}

// leads is a Deployment whose pods find the hosts outside there: the names in their own list of hosts, and the
// authority among those that their sidecars believe.
func (w *world) leads(deployment string) string {
	return strings.NewReplacer(
		"\n      annotations:\n", "\n      annotations:\n"+
			`        sidecar.istio.io/userVolume: '{"outside":{"configMap":{"name":"`+trusted+`"}}}'`+"\n"+
			`        sidecar.istio.io/userVolumeMount: '{"outside":{"mountPath":"`+trustedFile+`","subPath":"ca.crt","readOnly":true}}'`+"\n",
		"\n    spec:\n", "\n    spec:\n      hostAliases: "+w.aliases()+"\n",
	).Replace(deployment)
}

// aliases are a pod's own list of hosts, as YAML: with the names of those outside, if there are any of the ground's.
func (w *world) aliases() string {
	if w == nil {
		return "[]"
	}
	return "[{ip: " + w.address + ", hostnames: [" + strings.Join(hostsOutside(), ", ") + "]}]"
}

func hostsOutside() []string { return []string{"httpbin.org", "api.github.com", "jimmysong.io"} }

// CallsOut reports whether a page has hosts outside be called: by pods that do, or through the gateway.
func CallsOut(p book.Page) bool {
	return slices.ContainsFunc(p.Blocks, func(b book.Block) bool {
		through := b.Check != nil && b.Check.TLS != nil && slices.Contains(hostsOutside(), b.Check.TLS.Host)
		return through || slices.ContainsFunc(b.Commands, func(c book.Command) bool {
			return strings.Contains(c.Text, " deploy/egress/")
		})
	})
}
