package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	istioNamespace = "istio-system"
	debugPort      = "15014" // istiod answers there what is asked from its own machine, and by a port-forward
	answerWithin   = 10 * time.Second
)

// istiod is one of Istio's control planes: what it has read, and what its proxies have.
type istiod struct {
	name    string
	forward *Forward
	client  http.Client
}

// stored is an object as istiod has read it.
type stored struct {
	version    string // the API server's
	generation int64  // grows with each change of what is wanted
}

// proxy is one that istiod serves: for each type of configuration what was sent and what acknowledged.
type proxy struct {
	name      string // of its pod
	namespace string
	resources map[string]exchange
}

type exchange struct {
	Sent      string `json:"sent"`
	Acked     string `json:"acked"`
	LastError string `json:"lastError"`
}

// errNotFound is that istiod does not serve what was asked about.
var errNotFound = errors.New("not found")

func (i *istiod) get(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.forward.Address+"/debug/"+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.name, err)
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close() // its status says enough
		if answer.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%s: /debug/%s: %w", i.name, path, errNotFound)
		}
		return nil, fmt.Errorf("%s: /debug/%s: %s", i.name, path, answer.Status)
	}
	return answer.Body, nil
}

func (i *istiod) decode(ctx context.Context, path string, into any) error {
	body, err := i.get(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("%s: /debug/%s: %w", i.name, path, err)
	}
	return nil
}

// store is what istiod has read, by namespace/resource/name, as kubectl writes them.
func (i *istiod) store(ctx context.Context) (map[string]stored, error) {
	var list []struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name            string `json:"name"`
			Namespace       string `json:"namespace"`
			ResourceVersion string `json:"resourceVersion"`
			Generation      int64  `json:"generation"`
		} `json:"metadata"`
	}
	if err := i.decode(ctx, "configz", &list); err != nil {
		return nil, err
	}
	all, err := i.services(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		key := o.Metadata.Namespace + "/" + resource(o.APIVersion, o.Kind) + "/" + o.Metadata.Name
		all[key] = stored{o.Metadata.ResourceVersion, o.Metadata.Generation}
	}
	return all, nil
}

// services are the Services that istiod has read, as store has other objects: they have no generation.
func (i *istiod) services(ctx context.Context) (map[string]stored, error) {
	var list []struct {
		Attributes      struct{ ServiceRegistry, Name, Namespace string }
		ResourceVersion string
	}
	if err := i.decode(ctx, "registryz", &list); err != nil {
		return nil, err
	}
	all := map[string]stored{}
	for _, s := range list {
		if s.Attributes.ServiceRegistry == "Kubernetes" && s.ResourceVersion != "" {
			all[s.Attributes.Namespace+"/"+service+"/"+s.Attributes.Name] = stored{version: s.ResourceVersion}
		}
	}
	return all, nil
}

// service is how kubectl writes that kind.
const service = "service"

// resource is how kubectl writes a kind.
func resource(apiVersion, kind string) string {
	if group, _, ok := strings.Cut(apiVersion, "/"); ok {
		return strings.ToLower(kind) + "." + group
	}
	return strings.ToLower(kind)
}

// kinds are those that istiod reads, as kubectl writes them.
func (i *istiod) kinds(ctx context.Context) ([]string, error) {
	var list []struct{ Group, Kind string }
	if err := i.decode(ctx, "resourcesz", &list); err != nil {
		return nil, err
	}
	kinds := []string{service}
	for _, k := range list {
		kinds = append(kinds, resource(k.Group+"/", k.Kind))
	}
	return kinds, nil
}

// proxies are those of some namespaces that this istiod serves; nil is all.
func (i *istiod) proxies(ctx context.Context, namespaces []string) ([]proxy, error) {
	var list []struct {
		Proxy     string              `json:"proxy"`
		Resources map[string]exchange `json:"resources"`
	}
	path := "syncz"
	if len(namespaces) == 1 {
		path += "?namespace=" + namespaces[0]
	}
	if err := i.decode(ctx, path, &list); err != nil {
		return nil, err
	}
	var all []proxy
	for _, p := range list {
		dot := strings.LastIndex(p.Proxy, ".") // a pod's name may have some, too
		if namespace := p.Proxy[dot+1:]; dot > 0 && (namespaces == nil || slices.Contains(namespaces, namespace)) {
			all = append(all, proxy{p.Proxy[:dot], namespace, p.Resources})
		}
	}
	return all, nil
}

// pushed is the number of the last state of the mesh that istiod has gone through for a proxy, whether it had
// anything to send or not; 0 for one that has just left.
func (i *istiod) pushed(ctx context.Context, p proxy) (uint64, error) {
	body, err := i.get(ctx, "config_dump?proxyID="+p.name+"."+p.namespace)
	if errors.Is(err, errNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer body.Close()
	const enough = 64 << 10 // it stands in front
	head, err := io.ReadAll(io.LimitReader(body, enough))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", i.name, err)
	}
	m := regexp.MustCompile(`"version_?[iI]nfo":\s*"[^"/]*/(\d+)"`).FindSubmatch(head)
	if m == nil {
		return 0, fmt.Errorf("%s: the configuration of %s has no version", i.name, p.name)
	}
	return strconv.ParseUint(string(m[1]), 10, 64)
}
