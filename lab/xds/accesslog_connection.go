package xds

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	celv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/xds/naming"
)

// connectionLog has a line for each connection that ends before a request could come by it: no chain of the
// listener takes it, or TLS does not come about.
func (b *builder) connectionLog(c client) []*accesslogv3.AccessLog {
	if b.cfg.AccessLog == "" || b.cfg.Unexplained {
		return nil
	}
	log := b.logged(door{name: "connections" + naming.At(c.name)}, envoy.ConnectionFormat(naming.Short(c.name)))
	log.Filter = &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_OrFilter{
		OrFilter: &accesslogv3.OrFilter{Filters: []*accesslogv3.AccessLogFilter{
			{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
				ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: []string{"NR"}},
			}},
			b.failedTLS(),
		}},
	}}
	return []*accesslogv3.AccessLog{log}
}

// failedTLS has no flag of Envoy's, so the filter looks whether there is a reason: it is a text, and missing
// where nothing failed, which counts as false.
func (b *builder) failedTLS() *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ExtensionFilter{
		ExtensionFilter: &accesslogv3.ExtensionFilter{
			Name: "envoy.access_loggers.extension_filters.cel",
			ConfigType: &accesslogv3.ExtensionFilter_TypedConfig{TypedConfig: b.Pack(&celv3.ExpressionFilter{
				Expression: "size(connection.transport_failure_reason) > 0",
			})},
		},
	}}
}
