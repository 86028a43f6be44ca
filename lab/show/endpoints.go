package show

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// Endpoints is the Resource of the part that is not in Envoy's config dump: the states of clusters.
const Endpoints = "cluster_statuses"

// address is one as Envoy writes it.
type address struct {
	Socket struct {
		Address string
		Port    int `json:"port_value"`
	} `json:"socket_address"`
	Pipe struct{ Path string }
}

// text is HOST:PORT, or the path of a unix socket behind a scheme.
func (a address) text(scheme string) string {
	if a.Pipe.Path != "" {
		return scheme + a.Pipe.Path
	}
	return fmt.Sprintf("%s:%d", a.Socket.Address, a.Socket.Port)
}

// hostStatus is what Envoy says of an endpoint.
type hostStatus struct {
	Address address
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
		rows = append(rows, []string{
			h.Address.text("unix://"), strings.ToUpper(cmp.Or(h.Health.EDS, "HEALTHY")), outlier, c.Name,
		})
	}
	return rows, err
}
