package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/ports"
)

// TakenError says that somebody else listens at the ingress' address.
type TakenError struct {
	Address string
	Lab     string // that has it, if it is one of the user's
	By      string // who has it, "" where the system does not tell
}

func (e *TakenError) Error() string {
	if e.By == "" {
		return fmt.Sprintf("ingress: %s is taken by another program", e.Address)
	}
	return fmt.Sprintf("ingress: %s is taken by %s", e.Address, e.By)
}

// taken finds who has the address, if that is what is wrong.
func (l *lab) taken(ctx context.Context, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("ingress: %w", err)
	}
	e := &TakenError{Address: l.cfg.Listen}
	owner, known := ports.Owner(l.cfg.Listen)
	others := l.cfg.Folder.Others()
	i := slices.IndexFunc(others, func(f control.Folder) bool {
		if known { // the owner is its Envoy; this is so of a lab that is stopped, too
			return owner.Parent == f.PID()
		}
		s, err := control.NewClient(f).Status(ctx)
		return err == nil && s.Ingress == "http://"+l.cfg.Listen
	})
	switch {
	case i >= 0:
		e.Lab = others[i].Name()
		e.By = fmt.Sprintf("lab %s, pid %d", e.Lab, others[i].PID())
	case known:
		e.By = fmt.Sprintf("%s, pid %d", owner.Name, owner.PID)
	}
	return e
}
