package xds

import (
	"strconv"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	commonfaultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/fault/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
)

// fewFaults is how many a listener is prepared for; with more on one destination it changes.
const fewFaults = 4

// mostFaults is the greatest number of faults on one destination.
func mostFaults(m mesh.Mesh) int {
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

// faultFilters do nothing by themselves: routes say what they inject.
func (b *builder) faultFilters() []*hcmv3.HttpFilter {
	filters := make([]*hcmv3.HttpFilter, b.faults)
	for i := range filters {
		filters[i] = b.filter(faultFilter(i), &faultv3.HTTPFault{})
	}
	return filters
}

// inject is what the fault filters do to the requests for a destination, by filter.
func (b *builder) inject(faults []mesh.Fault) map[string]*anypb.Any {
	if len(faults) == 0 {
		return nil
	}
	config := map[string]*anypb.Any{}
	for i, f := range faults {
		config[faultFilter(i)] = b.pack(fault(f))
	}
	return config
}

func fault(f mesh.Fault) *faultv3.HTTPFault {
	config := &faultv3.HTTPFault{Headers: headers(f.When)}
	if f.Delay != nil {
		config.Delay = &commonfaultv3.FaultDelay{
			FaultDelaySecifier: &commonfaultv3.FaultDelay_FixedDelay{
				FixedDelay: durationpb.New(f.Delay.Time),
			},
			Percentage: percent(f.Delay.Percent),
		}
	}
	if f.Abort != nil {
		config.Abort = &faultv3.FaultAbort{
			ErrorType:  &faultv3.FaultAbort_HttpStatus{HttpStatus: uint32(f.Abort.Status)},
			Percentage: percent(f.Abort.Percent),
		}
		if f.Abort.GRPC != nil {
			config.Abort.ErrorType = &faultv3.FaultAbort_GrpcStatus{GrpcStatus: uint32(*f.Abort.GRPC)}
		}
	}
	return config
}

func headers(conditions []mesh.Condition) []*routev3.HeaderMatcher {
	var list []*routev3.HeaderMatcher
	for _, c := range conditions {
		list = append(list, header(c))
	}
	return list
}
