package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

// doorsOf are where the ingress takes encrypted connections, as the proxy was told last; the lab's turn is taken.
func (l *lab) doorsOf(m mesh.Mesh) []control.Door {
	var list []control.Door
	for _, d := range m.Gateway.Secure {
		list = append(list, control.Door{
			Rule: d.From, Part: d.Called, Hosts: d.Hosts, Problem: d.Problem,
			Open: l.secure.Address != "" && l.proxy.Has(d),
		})
	}
	return list
}

// outlived says of each door that a change has left without its certificate, and that goes on with the one from
// before.
func outlived(before, now []control.Door) []string {
	was := map[string]bool{}
	for _, d := range before {
		was[d.Rule+d.Part] = d.Problem != ""
	}
	var list []string
	for _, d := range now {
		if key := d.Rule + d.Part; d.Open && d.Problem != "" && !was[key] {
			was[key] = true // a door for each route
			list = append(list, fmt.Sprintf("%s of %s goes on with the certificate that it has: as on a cluster, "+
				"the ingress forgets it only when it starts anew", d.Part, d.Rule))
		}
	}
	return list
}

// stillWrong says of each door that lacks what it needs, and did before, what is wrong with the Secret that was put in
// place now: that it is wrong was said of the one before.
func stillWrong(results []objects.Result, before, now []control.Door) []string {
	lacked := map[string]bool{}
	for _, d := range before {
		lacked[d.Rule+d.Part] = d.Problem != ""
	}
	var list []string
	for _, d := range now {
		for _, r := range results {
			said := fmt.Sprintf("%s of %s still has not what it needs: %s", d.Part, d.Rule, d.Problem)
			put := r.Kind == "Secret" && r.Done != "unchanged" && r.Done != "deleted"
			if put && lacked[d.Rule+d.Part] && names(d.Problem, r.Name) && !slices.Contains(list, said) {
				list = append(list, said)
			}
		}
	}
	return list
}

// names reports whether a problem is with a Secret of a name; each dialect ends the name in its way.
func names(problem, secret string) bool {
	return strings.Contains(problem, "/"+secret+":") || strings.Contains(problem, "/"+secret+".")
}

// tlsTaken is why the ingress cannot listen for encrypted connections, if that is what is wrong: nobody does until
// the first Gateway asks for it.
func (l *lab) tlsTaken(ctx context.Context, err error) error {
	address := l.secure.Address
	refused, ok := errors.AsType[*objects.Error](err)
	if !ok || address == "" || !strings.Contains(refused.Error(), "cannot bind '"+address+"'") {
		return err
	}
	return &objects.Error{Reason: objects.Refused, Problems: []string{l.tlsHolder(ctx, address).Error()}}
}

// tlsHolder says who has the address for TLS, and what to do about it.
func (l *lab) tlsHolder(ctx context.Context, address string) error {
	by, _ := Holder(ctx, l.cfg.Folder, address)
	return fmt.Errorf("ingress: %s, for TLS, is taken by %s: end that, or start the lab with "+
		"--listen-tls 127.0.0.1:0, for any free port", address, by)
}
