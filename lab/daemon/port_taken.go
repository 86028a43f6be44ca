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
	by, other := Holder(ctx, l.cfg.Folder, l.cfg.Listen)
	return &TakenError{Address: l.cfg.Listen, Lab: other, By: by}
}

// Holder is who listens at an address, HOST:PORT, and the name of the lab that does, if it is another of the user's
// than the folder's own.
func Holder(ctx context.Context, folder control.Folder, address string) (by, name string) {
	owner, known := ports.Owner(address)
	others := folder.Others()
	i := slices.IndexFunc(others, func(f control.Folder) bool {
		if known { // the owner is its Envoy, or of the page itself; this is so of a lab that is stopped, too
			return owner.Parent == f.PID() || owner.PID == f.PID()
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
