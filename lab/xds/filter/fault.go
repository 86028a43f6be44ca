package filter

import (
	"strconv"

	commonfaultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/fault/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/match"
	"istio-tutorial/lab/xds/message"
)

// fewFaults is how many a listener is prepared for; with more on one destination it changes.
const fewFaults = 4

// MostFaults is how many faults a listener is prepared for: the greatest number on one destination, or more.
func MostFaults(m mesh.Mesh) int {
	most := fewFaults
	for _, s := range m.Sidecars {
		for _, h := range s.Outbound.Hosts {
			for _, r := range h.Routes {
				for _, d := range r.Destinations {
					most = max(most, len(d.Faults))
				}
			}
		}
	}
	return most
}

func faultFilter(i int) string { return "envoy.filters.http.fault." + strconv.Itoa(i) }

// Faults is the steps for n faults on one destination, see MostFaults. They do nothing by themselves: routes say what
// they inject.
func Faults(p *message.Packer, n int) []*hcmv3.HttpFilter {
	filters := make([]*hcmv3.HttpFilter, n)
	for i := range filters {
		filters[i] = Step(p, faultFilter(i), &faultv3.HTTPFault{})
	}
	return filters
}

// Inject is what the steps of Faults do to the requests for a destination, by the name of the step.
func Inject(p *message.Packer, faults []mesh.Fault) map[string]*anypb.Any {
	if len(faults) == 0 {
		return nil
	}
	config := map[string]*anypb.Any{}
	for i, f := range faults {
		config[faultFilter(i)] = p.Pack(fault(f))
	}
	return config
}

func fault(f mesh.Fault) *faultv3.HTTPFault {
	config := &faultv3.HTTPFault{Headers: match.Headers(f.When)}
	if f.Delay != nil {
		config.Delay = &commonfaultv3.FaultDelay{
			FaultDelaySecifier: &commonfaultv3.FaultDelay_FixedDelay{
				FixedDelay: durationpb.New(f.Delay.Time),
			},
			Percentage: message.Percent(f.Delay.Percent),
		}
	}
	if f.Abort != nil {
		config.Abort = &faultv3.FaultAbort{
			ErrorType:  &faultv3.FaultAbort_HttpStatus{HttpStatus: uint32(f.Abort.Status)},
			Percentage: message.Percent(f.Abort.Percent),
		}
		if f.Abort.GRPC != nil {
			config.Abort.ErrorType = &faultv3.FaultAbort_GrpcStatus{GrpcStatus: uint32(*f.Abort.GRPC)}
		}
	}
	return config
}
