package xds

import (
	"maps"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/xds/message"
	"istio-tutorial/lab/xds/naming"
)

// Secrets are resources of their own, which Envoy asks for by name: so a certificate is renewed
// without a change of any listener or cluster, and no connection ends.

// rootsSuffix marks the authorities of a secret, as Istio has it.
const rootsSuffix = "-cacert"

// certificateOf refers to the certificate and key of a secret, which is one of the mesh's, or a
// proxy's own.
func (b *builder) certificateOf(secret string) *tlsv3.SdsSecretConfig { return b.refer(secret) }

// rootsOf refers to the authorities of a secret.
func (b *builder) rootsOf(secret string) *tlsv3.SdsSecretConfig { return b.refer(secret + rootsSuffix) }

// refer notes which secrets Envoy will ask for: what it does not ask for, it never takes.
func (b *builder) refer(name string) *tlsv3.SdsSecretConfig {
	b.add(Secrets, name, nil)
	return &tlsv3.SdsSecretConfig{Name: name, SdsConfig: message.ADS()}
}

// secret is one of the mesh's, or what Envoy has had under its name: as with Istio, it goes on with that if its
// Secret is gone, or is no good any more.
func (b *builder) secret(name string) proto.Message {
	if s := b.given[name]; s != nil {
		return s
	}
	return b.had[name]
}

// awaits is how long Envoy holds a cluster up for a secret that may not be there; 0 would be for ever.
const awaits = time.Second

// maybe refers to a part of a secret by which a client calls: its certificate, or its authorities. Where
// the client never got it, it has no connection; with Istio, too, after 15 seconds. What it got once it
// keeps. The reference is the same whether the secret is there or not: by another one Envoy would ask anew for
// what it has, and wait for an answer that nobody owes it.
func (b *builder) maybe(client mesh.Name, secret, suffix string) *tlsv3.SdsSecretConfig {
	name := secret + naming.At(client) + suffix
	if b.clientSecret(name) != nil {
		b.refer(name)
	}
	source := message.ADS()
	source.InitialFetchTimeout = durationpb.New(awaits)
	return &tlsv3.SdsSecretConfig{Name: name, SdsConfig: source}
}

// clientSecret is a part of a rules' secret for one client: that of now or, where that is not there any
// more or no good, the last one; nil: there was none.
func (b *builder) clientSecret(name string) proto.Message {
	secret, suffix, _ := strings.Cut(name, "@")
	if strings.HasSuffix(suffix, rootsSuffix) {
		secret += rootsSuffix
	}
	now, ok := b.given[secret].(*tlsv3.Secret)
	if !ok {
		return b.had[name]
	}
	own := proto.CloneOf(now)
	own.Name = name
	return own
}

// deliver puts the secrets in place that the configuration refers to.
func (b *builder) deliver() {
	known := maps.Clone(b.given)
	for name := range b.snapshot.Resources[Secrets] {
		own := strings.TrimSuffix(name, rootsSuffix)
		if who, ok := b.owner(own); ok && known[name] == nil {
			secret, err := b.cfg.Identify(own, who)
			if err != nil {
				b.Fail("secret %s: %w", name, err)
			}
			addSecret(known, secret)
		}
		if known[name] == nil && strings.Contains(name, "@") {
			known[name] = b.clientSecret(name)
		}
		if known[name] == nil {
			known[name] = b.had[name]
		}
		if known[name] == nil {
			b.Fail("secret %s: it is not there", name)
			continue
		}
		b.add(Secrets, name, known[name])
	}
}

// ownSecret is what a proxy has of itself; Istio calls it default, too.
func ownSecret(proxy mesh.Name) string { return "default" + naming.At(proxy) }

// owner is whom a proxy's own secret proves.
func (b *builder) owner(secret string) (mesh.Identity, bool) {
	if secret == ownSecret(Ingress()) {
		return mesh.IngressIdentity(), true
	}
	for _, i := range b.mesh.Instances {
		if secret == ownSecret(i.Name) {
			return b.mesh.IdentityOf(i), true
		}
	}
	return mesh.Identity{}, false
}

func secretsOf(m mesh.Mesh) Resources {
	all := Resources{}
	for _, s := range m.Secrets {
		addSecret(all, s)
	}
	return all
}

// addSecret adds what Envoy has in two: a certificate, and whom to believe.
func addSecret(to Resources, s mesh.Secret) {
	if len(s.Chain) > 0 {
		to[s.Name] = &tlsv3.Secret{Name: s.Name, Type: &tlsv3.Secret_TlsCertificate{
			TlsCertificate: &tlsv3.TlsCertificate{CertificateChain: inline(s.Chain), PrivateKey: inline(s.Key)},
		}}
	}
	if len(s.Roots) > 0 {
		name := s.Name + rootsSuffix
		to[name] = &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_ValidationContext{
			ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: inline(s.Roots)},
		}}
	}
}

func inline(data []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: data}}
}
