package oncluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// addSecret notes what proxies get of a Secret, by the names that Istio gives that: the one for a Gateway of its own,
// and the one for a Gateway of the Gateway API, each with another for whom the proxy is to believe.
func (v *inventory) addSecret(i item) {
	shown := cmp.Or(i.Data["tls.crt"], i.Data["cert"])
	believed := cmp.Or(i.Data["cacert"], i.Data["ca.crt"])
	name, whole := "kubernetes://"+i.Metadata.Name, "kubernetes-gateway://"+i.Metadata.Namespace+"/"+i.Metadata.Name
	const authority = "-cacert" // what Istio adds
	for key, value := range map[string]string{
		name: shown, whole: shown,
		strings.TrimSuffix(name, authority) + authority: believed, strings.TrimSuffix(whole, authority) + authority: believed,
	} {
		if value != "" {
			v.shown[key] = value
		}
	}
}

// secretDump is what a proxy tells of the Secrets that it has.
type secretDump struct {
	Configs []struct {
		Name   string
		Secret struct {
			TLSCertificate struct {
				CertificateChain inline `json:"certificate_chain"`
			} `json:"tls_certificate"`
			ValidationContext struct {
				TrustedCA inline `json:"trusted_ca"`
			} `json:"validation_context"`
		}
	}
}

type inline struct {
	Bytes string `json:"inline_bytes"` // in base64
}

// stale is a Secret of which a proxy has not what the cluster has: a new one changes no listener.
func (p *pods) stale(ctx context.Context, pod string) (string, error) {
	if len(p.seen.shown) == 0 {
		return "", nil
	}
	var text strings.Builder
	err := p.ask(ctx, pod, "/config_dump?resource=dynamic_active_secrets", func(line string) { text.WriteString(line) })
	if err != nil {
		return "", err
	}
	var dump secretDump
	if err := json.Unmarshal([]byte(text.String()), &dump); err != nil {
		return "", fmt.Errorf("the secrets of %s: %w", pod, err)
	}
	for _, s := range dump.Configs {
		has := cmp.Or(s.Secret.TLSCertificate.CertificateChain.Bytes, s.Secret.ValidationContext.TrustedCA.Bytes)
		if want := p.seen.shown[s.Name]; want != "" && has != want {
			return fmt.Sprintf("the proxy of %s has another %s", pod, s.Name), nil
		}
	}
	return "", nil
}
