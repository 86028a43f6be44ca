package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
)

// firstFetch bounds how long a change waits for the keys of an issuer: who takes longer is asked again
// while the lab runs on.
const firstFetch = 10 * time.Second

// newKeySets fetches as istiod does: without a sidecar, so in plain text and by no rule, from a service's
// pods or from hosts outside.
func (l *lab) newKeySets() (*identity.KeySets, error) {
	believed, err := x509.SystemCertPool()
	if err != nil {
		believed = x509.NewCertPool()
	}
	if l.world != nil {
		standIn, err := os.ReadFile(l.authority())
		if err != nil {
			return nil, err
		}
		believed.AppendCertsFromPEM(standIn)
	}
	istiod := mesh.Name{Namespace: "istio-system", Name: "istiod"}
	dial := func(ctx context.Context, _, to string) (net.Conn, error) {
		kind, address, err := l.wires.find(istiod, to)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, kind, address)
	}
	return identity.NewKeySets(identity.Fetching{
		Client: &http.Client{Transport: &http.Transport{
			DialContext: dial, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{RootCAs: believed, MinVersion: tls.VersionTLS12},
		}},
		Changed: func(ctx context.Context) { _ = l.publish(ctx) }, // else the next change brings it
		Now:     time.Now,
		Every:   l.cfg.KeySets, AfterFailure: l.cfg.KeySets, Again: l.cfg.KeySets,
	}), nil
}

// keylessIn are the issuers in a mesh whose keys could not be fetched, each rule once.
func keylessIn(m mesh.Mesh) []control.Keyless {
	var list []control.Keyless
	add := func(tokens []mesh.TokenRule) {
		for _, t := range tokens {
			namespace, name, _ := strings.Cut(t.From, "/")
			one := control.Keyless{Namespace: namespace, Name: name, Field: t.Field, Issuer: t.Issuer, Problem: t.KeysProblem}
			if t.KeysProblem != "" && !slices.ContainsFunc(list, one.IsOf) {
				list = append(list, one)
			}
		}
	}
	for _, s := range m.Sidecars {
		add(s.Inbound.Tokens)
	}
	add(m.Gateway.Tokens)
	return list
}

// lacking are the issuers whose keys the lab has not.
func (l *lab) lacking() []control.Keyless {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.keyless
}

// warnKeyless says of each issuer whose keys are missing: with its rule, if that was put in place now, or else with
// the last result, if they are missing only now.
func warnKeyless(results []objects.Result, before, now []control.Keyless) {
	for _, k := range now {
		at := slices.IndexFunc(results, func(r objects.Result) bool {
			return r.Kind == "RequestAuthentication" && r.Namespace == k.Namespace && r.Name == k.Name && r.Done != "unchanged"
		})
		if at < 0 && !slices.ContainsFunc(before, k.IsOf) {
			at = len(results) - 1
		}
		if at >= 0 {
			results[at].Warnings = append(results[at].Warnings,
				fmt.Sprintf("(RequestAuthentication %s/%s) %s", k.Namespace, k.Name, k.Sentence()))
		}
	}
}

// withKeys is a mesh whose rules about tokens have the keys of their issuers.
func (l *lab) withKeys(ctx context.Context, m mesh.Mesh) mesh.Mesh {
	var open []*mesh.TokenRule
	own := func(list []mesh.TokenRule) []mesh.TokenRule {
		list = slices.Clone(list) // the rules' mesh stays as it is
		for i := range list {
			if list[i].Keys == "" {
				open = append(open, &list[i])
			}
		}
		return list
	}
	m.Sidecars = slices.Clone(m.Sidecars)
	for i := range m.Sidecars {
		m.Sidecars[i].Inbound.Tokens = own(m.Sidecars[i].Inbound.Tokens)
	}
	m.Gateway.Tokens = own(m.Gateway.Tokens)
	var all sync.WaitGroup
	for _, t := range open {
		all.Go(func() {
			keys, err := l.keys.Of(ctx, t.Issuer, t.KeysAt, min(t.Timeout, firstFetch))
			if t.Keys = keys; err != nil {
				t.KeysProblem = err.Error()
			}
		})
	}
	all.Wait()
	return m
}
