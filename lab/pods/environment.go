package pods

import (
	"maps"
	"slices"
	"strings"
	"time"

	"istio-tutorial/lab/mesh"
)

// drainTime is how long a pod's program serves on after SIGTERM, in place of the manifest's: as it
// is told to end when the proxy has stopped calling it, only what is under way can still come.
const drainTime = 200 * time.Millisecond

// necessities are the variables that a pod gets from the lab's own environment.
func necessities() []string {
	return []string{"PATH", "TMPDIR", "TERM", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}
}

// environment is the complete environment of a pod's programs: the image's, then the lab's, then
// the manifest's, then what no manifest can know.
func (p *pod) environment(img image, own []mesh.EnvVar) []string {
	env := map[string]string{}
	for _, name := range necessities() {
		if value := p.manager.cfg.Getenv(name); value != "" {
			env[name] = value
		}
	}
	maps.Copy(env, img.env)
	for _, pair := range p.manager.cfg.Env {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	for _, v := range own {
		env[v.Name] = p.value(v)
	}
	maps.Copy(env, p.own())
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

func (p *pod) value(v mesh.EnvVar) string {
	switch v.Field {
	case "metadata.name":
		return p.name.Name
	case "status.podIP":
		return "127.0.0.1"
	default:
		return v.Value
	}
}

// own are the variables that make a pod of a process: its name, its ports and its sidecar, which
// takes all calls but those to itself.
func (p *pod) own() map[string]string {
	p.manager.mu.Lock()
	defer p.manager.mu.Unlock()
	own := map[string]string{
		"HOSTNAME":   p.name.Name,
		"DRAIN":      drainTime.String(),
		"METRICS_ON": "off",
		"NO_PROXY":   "",
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		own[name] = "http://" + p.proxy
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		own[strings.ToLower(name)] = own[name] // curl knows only these
	}
	for number, address := range p.addresses {
		own[p.listener(number)] = address
	}
	return own
}

// metricsPort is the name of the port where the tutorial's images serve their metrics.
const metricsPort = "prometheus"

// servedPorts are the container ports that its program can be told to listen on: the one of the
// metrics, and the first other one.
func servedPorts(c mesh.Container) []int {
	var served []int
	app := false
	for _, port := range c.Ports {
		if port.Name != metricsPort {
			if app {
				continue
			}
			app = true
		}
		served = append(served, port.Number)
	}
	return served
}

// listener is the variable that tells the program where a container port really is.
func (p *pod) listener(number int) string {
	for _, port := range p.deployment.Container.Ports {
		if port.Number == number && port.Name == metricsPort {
			return "METRICS_ON"
		}
	}
	return "LISTEN_ON"
}
