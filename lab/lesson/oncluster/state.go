package oncluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// kept are the kinds of all that a page must leave as it was.
var kept = strings.Join([]string{
	"deployments.apps", "services", "serviceaccounts", "secrets",
	"gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io",
	"gateways.networking.istio.io", "virtualservices.networking.istio.io", "destinationrules.networking.istio.io",
	"serviceentries.networking.istio.io", "sidecars.networking.istio.io", "envoyfilters.networking.istio.io",
	"authorizationpolicies.security.istio.io", "peerauthentications.security.istio.io",
	"requestauthentications.security.istio.io", "telemetries.telemetry.istio.io",
}, ",")

// state is what each object of the namespace means, by kind and name, and each Secret beside the gateway.
func (g *Ground) state(ctx context.Context) (map[string]string, error) {
	text, err := g.kubectl(ctx, "", "get", kept, "-o", "json")
	if err != nil {
		return nil, err
	}
	state := map[string]string{}
	if err := note(text, "", state); err != nil || g.gatewayNamespace() == g.Tools.Namespace {
		return state, err
	}
	if text, err = g.atGateway(ctx, "", "get", "secrets", "-o", "json"); err != nil {
		return nil, err
	}
	return state, note(text, atGateway, state)
}

// atGateway ends the name of an object that is in the gateway's own namespace.
const atGateway = " beside the gateway"

// note adds what the objects of a list mean.
func note(text, where string, state map[string]string) error {
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return fmt.Errorf("kubectl get: %w", err)
	}
	for _, object := range list.Items {
		name, meaning, err := means(object)
		if err != nil {
			return err
		}
		state[name+where] = meaning
	}
	return nil
}

// means is an object without what the cluster writes into it by itself; the name begins with the resource, as
// kubectl takes it.
func means(object map[string]any) (name, meaning string, err error) {
	kind, _ := object["kind"].(string)
	version, _ := object["apiVersion"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	own, _ := metadata["name"].(string)
	delete(object, "status")
	object["metadata"] = map[string]any{"labels": metadata["labels"]}
	plain, err := json.Marshal(object) // with its keys in order
	if group, _, ok := strings.Cut(version, "/"); ok {
		kind += "." + group
	}
	return strings.ToLower(kind) + " " + own, string(plain), err
}
