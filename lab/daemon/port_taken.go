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
	By      string // who has it
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("ingress: %s is taken by %s", e.Address, e.By)
}

// taken finds who has the address, if that is what is wrong.
func (l *lab) taken(ctx context.Context, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("ingress: %w", err)
	}
	by, other := l.holder(ctx, l.cfg.Listen)
	return &TakenError{Address: l.cfg.Listen, Lab: other, By: by}
}

// holder is who listens at an address, and the name of the lab that does, if it is one of the user's.
func (l *lab) holder(ctx context.Context, address string) (by, name string) {
	owner, known := ports.Owner(address)
	others := l.cfg.Folder.Others()
	i := slices.IndexFunc(others, func(f control.Folder) bool {
		if known { // the owner is its Envoy; this is so of a lab that is stopped, too
			return owner.Parent == f.PID()
		}
		s, err := control.NewClient(f).Status(ctx)
		return err == nil && (s.Ingress == "http://"+address || s.Secure == address)
	})
	switch {
	case i >= 0:
		return fmt.Sprintf("lab %s, pid %d", others[i].Name(), others[i].PID()), others[i].Name()
	case known:
		return fmt.Sprintf("%s, pid %d", owner.Name, owner.PID), ""
	}
	return "another program", ""
}
