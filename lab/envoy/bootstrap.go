package envoy

import (
	"encoding/json"
	"strconv"
	"time"
)

// Settings is how one Envoy is started.
type Settings struct {
	// Node is the name by which it asks for its configuration. Required.
	Node string
	// Admin is the unix socket of its administration, made readable by its owner alone. Required.
	Admin string
	// XDS is the unix socket of the server that configures it. Required.
	XDS string
	// Ejections is the file to which Envoy writes a line whenever a pod is ejected, or returns; empty:
	// it writes none.
	Ejections string
}

// XDSCluster is the name of the cluster that leads to the configuration server.
const XDSCluster = "lab"

// maxConnections is more than a lesson opens.
const maxConnections = 10_000

// drain is how long connections of a listener that changed or went may live on, as in a mesh; it
// must outlast the slowest answer.
const drain = 45 * time.Second

type object map[string]any

// Bootstrap is the configuration to start with: where the administration listens, and where all
// else comes from.
func (s Settings) Bootstrap() ([]byte, error) {
	source := object{"ads": object{}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
	return json.MarshalIndent(object{
		"node":            object{"id": s.Node, "cluster": s.Node},
		"cluster_manager": s.clusterManager(),
		"admin":           object{"address": pipe(s.Admin, 0o600)},
		"dynamic_resources": object{
			"ads_config": object{
				"api_type":              "GRPC",
				"transport_api_version": "V3",
				// The node has all that Envoy can do, and that is much to read with each question.
				"set_node_on_first_message_only": true,
				"grpc_services":                  []object{{"envoy_grpc": object{"cluster_name": XDSCluster}}},
			},
			"cds_config": source,
			"lds_config": source,
		},
		"static_resources": object{"clusters": []object{xdsCluster(s.XDS)}},
		"overload_manager": object{"resource_monitors": []object{{
			"name": "envoy.resource_monitors.global_downstream_max_connections",
			"typed_config": object{
				"@type": "type.googleapis.com/envoy.extensions.resource_monitors." +
					"downstream_connections.v3.DownstreamConnectionsConfig",
				"max_active_downstream_connections": maxConnections,
			},
		}}},
		"layered_runtime": object{"layers": []object{{
			"name": "lab",
			"static_layer": object{
				// Spans show as soon as their request is answered.
				"tracing.zipkin.min_flush_spans":   1,
				"tracing.zipkin.flush_interval_ms": 200,
				// As Istio has it: expressions of its rules are longer than the default of 100.
				"re2.max_program_size.error_level": 32768,
			},
		}}},
	}, "", "  ")
}

func (s Settings) clusterManager() object {
	if s.Ejections == "" {
		return object{}
	}
	return object{"outlier_detection": object{"event_log_path": s.Ejections}}
}

func pipe(path string, mode int) object {
	return object{"pipe": object{"path": path, "mode": mode}}
}

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

func xdsCluster(socket string) object {
	endpoint := object{"endpoint": object{"address": pipe(socket, 0)}}
	return object{
		"name":            XDSCluster,
		"connect_timeout": "1s",
		"typed_extension_protocol_options": object{
			httpOptions: object{
				"@type":                "type.googleapis.com/" + httpOptions,
				"explicit_http_config": object{"http2_protocol_options": object{}},
			},
		},
		"load_assignment": object{
			"cluster_name": XDSCluster,
			"endpoints":    []object{{"lb_endpoints": []object{endpoint}}},
		},
	}
}

// Args are the arguments to start Envoy with, given the file that holds its bootstrap.
//
// One worker thread makes round robin strict and limits exact. Without hot restart, several
// Envoys run side by side and none leaves shared memory behind when it is killed.
func (s Settings) Args(bootstrap string) []string {
	return []string{
		"--config-path", bootstrap,
		"--concurrency", "1",
		"--disable-hot-restart",
		"--drain-time-s", strconv.Itoa(int(drain.Seconds())),
		"--drain-strategy", "immediate",
		"--file-flush-interval-msec", "20",
		"--log-level", "warning",
		"--component-log-level", "misc:error", // Istio's default too: its rules use fields that Envoy calls deprecated
		"--log-format", "%Y-%m-%dT%T.%e %l %n: %v",
	}
}
