package telemetry

import (
	"encoding/json"
	"net/http"

	"istio-tutorial/lab/pods"
)

// targetGroup is an element of what Prometheus' http_sd_configs read.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// targets are the programs' own metrics, with the labels that a cluster's Prometheus gives to pods.
func targets(list []pods.Pod) []targetGroup {
	groups := []targetGroup{}
	for _, p := range list {
		if p.Metrics == "" || p.PID == 0 {
			continue
		}
		groups = append(groups, targetGroup{[]string{p.Metrics}, map[string]string{
			"namespace": p.Namespace, "pod": p.Name.Name, "app": p.Labels["app"], "version": p.Labels["version"],
		}})
	}
	return groups
}

// serveTargets tells a Prometheus of this machine whom to ask: pods come and go, and so do their ports.
func serveTargets(running func() ([]pods.Pod, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		list, ok := running()
		if !ok {
			http.Error(w, "the lab is starting or ending", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(targets(list)) // the client may be gone
	}
}
