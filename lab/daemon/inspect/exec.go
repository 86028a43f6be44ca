package inspect

import (
	"context"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/daemon/pick"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/pods"
)

// Exec is how the client is to run a command.
func (l *Lab) Exec(_ context.Context, e control.Exec) (pods.Command, error) {
	p, err := pick.Pod(l.Objects(), l.Pods.Pods(), e.Selection)
	if err != nil {
		return pods.Command{}, err
	}
	switch {
	case len(e.Command) == 0:
		return pods.Command{}, objects.Errorf(objects.Invalid, "name a command for the container")
	case e.Container == pods.Sidecar:
		return pods.Command{}, objects.Errorf(objects.Invalid, "all sidecars are one Envoy, in no container: "+
			"see bin/lab stats, proxy-config and proxy-logs")
	case e.Container != "" && e.Container != p.Container:
		return pods.Command{}, noContainer(e.Container, p, p.Container)
	}
	command, err := l.Pods.Command(p.Name, e.Command)
	if err != nil {
		return pods.Command{}, objects.Errorf(objects.Invalid, "%v", err)
	}
	return command, nil
}

func noContainer(name string, p pods.Pod, has string) error {
	return objects.Errorf(objects.NotFound, "container %s is not valid for pod %s: it has %s",
		name, p.Name.Name, has)
}
