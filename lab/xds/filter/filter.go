// Package filter makes the steps by which Envoy's HTTP connection manager handles a request, and what each is set to
// for a route or a virtual host: access, tokens, faults, answers to browsers, limits, the lookup of hosts.
package filter

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
)

// Step is a step of a chain, by its name.
func Step(p *message.Packer, name string, config proto.Message) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{
		Name:       name,
		ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: p.Pack(config)},
	}
}

// Discovered is a step that Envoy asks for by its name, and what it gets then. It is not in the listener itself, whose
// open connections would know nothing of a change.
type Discovered struct {
	Step   *hcmv3.HttpFilter
	Config *corev3.TypedExtensionConfig
}

func discovered(p *message.Packer, name string, step proto.Message) Discovered {
	name = naming.Stat(name)
	config := p.Pack(step)
	return Discovered{
		&hcmv3.HttpFilter{
			Name: name,
			ConfigType: &hcmv3.HttpFilter_ConfigDiscovery{ConfigDiscovery: &corev3.ExtensionConfigSource{
				ConfigSource: message.ADS(), TypeUrls: []string{config.GetTypeUrl()},
			}},
		},
		&corev3.TypedExtensionConfig{Name: name, TypedConfig: config},
	}
}

// Off keeps the steps for access and for limits of each instance off a route, by the name of the step.
func Off(p *message.Packer, in mesh.Inbound) map[string]*anypb.Any {
	settings := unlimited(p, in)
	for _, step := range accessSteps() {
		if len(in.Access) > 0 {
			settings[step.name] = p.Pack(&routev3.FilterConfig{Disabled: true})
		}
	}
	return settings
}
