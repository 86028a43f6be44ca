package show

import (
	"cmp"
	"encoding/json"
	"strings"

	"istio-tutorial/lab/envoy"
)

// Endpoints is the Resource of the part that is not in Envoy's config dump: the states of clusters.
const Endpoints = "cluster_statuses"

// hostStatus is what Envoy says of an endpoint.
type hostStatus struct {
	Address envoy.Address
	Health  struct {
		Failed bool   `json:"failed_outlier_check"`
		EDS    string `json:"eds_health_status"`
	} `json:"health_status"`
}

func endpointRows(data json.RawMessage) ([][]string, error) {
	var c struct {
		Name  string
		Hosts []hostStatus `json:"host_statuses"`
	}
	err := json.Unmarshal(data, &c)
	var rows [][]string
	for _, h := range c.Hosts {
		outlier := "OK"
		if h.Health.Failed {
			outlier = "FAILED"
		}
		address := h.Address.String()
		if h.Address.Pipe.Path != "" {
			address = "unix://" + address
		}
		rows = append(rows, []string{
			address, strings.ToUpper(cmp.Or(h.Health.EDS, "HEALTHY")), outlier, c.Name,
		})
	}
	return rows, err
}
