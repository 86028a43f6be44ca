package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/network"
	"istio-tutorial/lab/xds"
)

// wires are the network of the pods that have no sidecar.
type wires struct {
	lab *lab

	mu    sync.Mutex
	mesh  mesh.Mesh
	doors map[mesh.Name]wire
}

type wire struct {
	*network.Door
	address string
}

// follow opens a door for each pod without a sidecar, and closes those of pods that are gone.
func (w *wires) follow(m mesh.Mesh) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mesh = m
	before := w.doors
	w.doors = map[mesh.Name]wire{}
	var errs []error
	for _, i := range m.Instances {
		if !i.WithoutSidecar || i.Proxy == "" {
			continue
		}
		if have, ok := before[i.Name]; ok && have.address == i.Proxy {
			w.doors[i.Name] = have
			delete(before, i.Name)
			continue
		}
		door, err := network.Open(i.Proxy, func(to string) (string, string, error) { return w.find(i.Name, to) })
		if err != nil {
			errs = append(errs, err)
			continue
		}
		w.doors[i.Name] = wire{door, i.Proxy}
	}
	for _, gone := range before {
		errs = append(errs, gone.Close())
	}
	return errors.Join(errs...)
}

func (w *wires) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, door := range w.doors {
		errs = append(errs, door.Close())
	}
	w.doors = nil
	return errors.Join(errs...)
}

// find is where a call of a pod goes: of a Service, to one of its pods by lot.
func (w *wires) find(client mesh.Name, to string) (kind, address string, err error) {
	host, text, err := net.SplitHostPort(to)
	if err != nil {
		return "", "", err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "", "", err
	}
	w.mu.Lock()
	m := w.mesh
	w.mu.Unlock()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return "tcp", cmp.Or(ownAddress(m, client, port), to), nil
	}
	for _, s := range m.Services {
		if s.External == "" && slices.Contains(s.Names(client.Namespace), host) {
			return w.pick(m, mesh.Cluster{Host: s.Host(), Port: port})
		}
	}
	if !isOutside(host, m) {
		return "", "", fmt.Errorf("%s: %w", host, network.ErrNoHost)
	}
	if w.lab.world == nil {
		return "tcp", to, nil
	}
	return "tcp", w.lab.world.Address(mesh.ExternalHost{Host: host, Port: port}), nil
}

// ownAddress is where a port of a pod itself is; "": it has no such port.
func ownAddress(m mesh.Mesh, pod mesh.Name, port int) string {
	for _, i := range m.Instances {
		if i.Name == pod {
			return i.Addresses[port]
		}
	}
	return ""
}

// pick is a pod of a Service; without any, a place where nobody listens.
func (w *wires) pick(m mesh.Mesh, c mesh.Cluster) (kind, address string, err error) {
	ready := slices.DeleteFunc(m.Endpoints(c), func(e mesh.Endpoint) bool { return !e.Instance.Ready })
	if len(ready) == 0 {
		return "unix", w.lab.cfg.Folder.File("nobody"), nil
	}
	e := ready[rand.IntN(len(ready))]
	if e.Instance.WithoutSidecar {
		return "tcp", e.Address, nil
	}
	return "unix", xds.Socket(string(w.lab.cfg.Folder), e), nil
}

// isOutside tells names of hosts outside from those that could be of the cluster only.
func isOutside(host string, m mesh.Mesh) bool {
	ends := append(m.NamespaceNames(), "svc", mesh.Domain)
	return strings.Contains(host, ".") && !slices.ContainsFunc(ends, func(end string) bool {
		return strings.HasSuffix(host, "."+end)
	})
}
