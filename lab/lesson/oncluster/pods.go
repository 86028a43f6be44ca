package oncluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"istio-tutorial/lab/cluster"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/objects"
)

// pods are those of the namespace as they were after the last command, with a tunnel to the proxy of each.
type pods struct {
	ground *Ground
	seen   inventory
	mu     sync.Mutex // of proxies
	// proxies are the tunnels to the administration of the pods' proxies, by the pods' names.
	proxies map[string]tunnel
}

// tunnel leads to the administration of a proxy.
type tunnel struct {
	address string // HOST:PORT; "": there is none
	close   func()
}

// inventory is what the namespace has.
type inventory struct {
	deployments map[string]workload
	pods        []pod
	endpoints   map[string][]string // the addresses of a Service's ready pods, HOST:PORT
	generations map[string]int64    // of the objects of the Gateway API, by kind and name
	shown       map[string]string   // what a proxy shows or believes of a Secret beside it, by how istiod calls that
}

// workload is a Deployment.
type workload struct {
	labels    map[string]string // of its pods
	container string            // of its program
	program   string
}

type pod struct {
	name      string
	namespace string
	labels    map[string]string
	proxied   bool // it has a sidecar, or is a gateway
}

func newPods(g *Ground) *pods { return &pods{ground: g, proxies: map[string]tunnel{}} }

// The parts of Kubernetes' objects that are looked at.
type (
	item struct {
		Kind     string
		Metadata struct {
			Name, Namespace   string
			Labels            map[string]string
			DeletionTimestamp string
			Generation        int64
		}
		Spec struct {
			Selector       struct{ MatchLabels map[string]string }
			Template       struct{ Spec podSpec }
			Containers     []container
			InitContainers []container
		}
		Status struct {
			Phase      string
			Conditions []struct{ Type, Status string }
		}
		Endpoints []endpoint
		Ports     []struct{ Port int }
		Data      map[string]string // of a Secret, in base64
	}
	podSpec   struct{ Containers []container }
	container struct{ Name, Image string }
	endpoint  struct {
		Addresses  []string
		Conditions struct{ Ready *bool }
	}
)

const proxyContainer = "istio-proxy"

// look reads what there is now.
func (p *pods) look(ctx context.Context) error {
	p.seen = newInventory()
	t := p.ground.Tools
	for _, namespace := range slices.Compact([]string{t.Namespace, p.ground.gatewayNamespace()}) {
		t.Namespace = namespace
		text, err := t.Output(ctx, "", cluster.Line{
			Tool: cluster.Kubectl, Args: []string{"get", "deployments,pods,endpointslices,secrets,httproutes.gateway.networking.k8s.io", "-o", "json"},
		})
		if err != nil {
			return err
		}
		var list struct{ Items []item }
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("kubectl get: %w", err)
		}
		for _, i := range list.Items {
			p.seen.add(i)
		}
	}
	return p.connect(ctx)
}

func newInventory() inventory {
	return inventory{deployments: map[string]workload{}, endpoints: map[string][]string{}, generations: map[string]int64{}, shown: map[string]string{}}
}

func (v *inventory) add(i item) {
	switch i.Kind {
	case "Deployment":
		if len(i.Spec.Template.Spec.Containers) > 0 {
			first := i.Spec.Template.Spec.Containers[0]
			v.deployments[i.Metadata.Name] = workload{i.Spec.Selector.MatchLabels, first.Name, programOf(first.Image)}
		}
	case "Pod":
		if i.Metadata.DeletionTimestamp != "" || !i.isReady() {
			return
		}
		isProxy := func(c container) bool { return c.Name == proxyContainer }
		v.pods = append(v.pods, pod{
			i.Metadata.Name, i.Metadata.Namespace, i.Metadata.Labels,
			slices.ContainsFunc(i.Spec.Containers, isProxy) || slices.ContainsFunc(i.Spec.InitContainers, isProxy),
		})
	case "EndpointSlice":
		service := i.Metadata.Labels["kubernetes.io/service-name"]
		v.endpoints[service] = append(v.endpoints[service], i.addresses()...)
	case "Secret":
		v.addSecret(i)
	case "HTTPRoute":
		v.generations["httproute.gateway.networking.k8s.io/"+i.Metadata.Name] = i.Metadata.Generation
	}
}

// addresses are those of an EndpointSlice that are ready; one that does not say is.
func (i item) addresses() (list []string) {
	for _, e := range i.Endpoints {
		if len(e.Addresses) == 0 || e.Conditions.Ready != nil && !*e.Conditions.Ready {
			continue
		}
		for _, port := range i.Ports {
			list = append(list, fmt.Sprintf("%s:%d", e.Addresses[0], port.Port))
		}
	}
	return list
}

func (i item) isReady() bool {
	for _, c := range i.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}

// programOf is the program in an image of the tutorial.
func programOf(image string) string {
	name := image[strings.LastIndex(image, "/")+1:]
	name, _, _ = strings.Cut(name, ":")
	name = strings.TrimPrefix(name, "istio-tutorial-")
	if strings.HasPrefix(name, "egress") {
		return "egress"
	}
	return name
}

// of are the pods of a Deployment, or of the gateway.
func (p *pods) of(name string) ([]pod, error) {
	if name == lesson.Ingress {
		name = gateway
	}
	w, ok := p.seen.deployments[name]
	if !ok {
		return nil, objects.Errorf(objects.NotFound, "deployments.apps %q not found", name)
	}
	var list []pod
	for _, one := range p.seen.pods {
		if w.picks(one.labels) {
			list = append(list, one)
		}
	}
	return list, nil
}

func (w workload) picks(labels map[string]string) bool {
	for k, v := range w.labels {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// connect opens the tunnels that are missing, and closes those to pods that are gone.
func (p *pods) connect(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	there := map[string]string{} // their namespaces
	for _, one := range p.seen.pods {
		if one.proxied {
			there[one.name] = one.namespace
		}
	}
	for name, to := range p.proxies {
		if there[name] == "" {
			to.close()
			delete(p.proxies, name)
		}
	}
	t := p.ground.Tools
	for name, namespace := range there {
		if p.proxies[name].address != "" {
			continue
		}
		t.Namespace = namespace
		forward, err := t.Forward(context.WithoutCancel(ctx), "pod/"+name, adminPort)
		if err != nil {
			return err
		}
		p.proxies[name] = tunnel{forward.Address, forward.Close}
	}
	return nil
}

// close ends the tunnels.
func (p *pods) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, tunnel := range p.proxies {
		tunnel.close()
		delete(p.proxies, name)
	}
}
