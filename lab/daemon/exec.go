package control

import (
	"context"

	"istio-tutorial/lab/objects"
)

// exec is how the client is to run a command.
func (l *lab) exec(_ context.Context, e Exec) (podCommand, error) {
	p, err := l.onePod(e.Selection)
	if err != nil {
		return podCommand{}, err
	}
	switch {
	case len(e.Command) == 0:
		return podCommand{}, objects.Errorf(Invalid, "name a command for the container")
	case e.Container == sidecar:
		return podCommand{}, objects.Errorf(Invalid, "all sidecars are one Envoy, in no container: "+
			"see bin/lab stats, proxy-config and proxy-logs")
	case e.Container != "" && e.Container != p.Container:
		return podCommand{}, noContainer(e.Container, p, p.Container)
	}
	command, err := l.pods.Command(p.Name, e.Command)
	if err != nil {
		return podCommand{}, objects.Errorf(Invalid, "%v", err)
	}
	return command, nil
}

func noContainer(name string, p Pod, has string) error {
	return objects.Errorf(NotFound, "container %s is not valid for pod %s: it has %s",
		name, p.Name.Name, has)
}
