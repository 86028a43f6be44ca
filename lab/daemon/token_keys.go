package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
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
