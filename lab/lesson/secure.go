package lesson

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"istio-tutorial/lab/load"
)

// Secure is how the requests of a check are encrypted. Its texts may have variables of the page, and its
// files are in the folder of the commands.
type Secure struct {
	// Host is the name that they ask for, and that the certificate must have. Required.
	Host string `yaml:"host"`
	// CA is a file of the authorities that are believed, in place of the machine's. Optional.
	CA string `yaml:"ca"`
	// Cert and Key are files that prove who asks. Both or neither.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
	// Insecure takes any certificate, as curl -k does.
	Insecure bool `yaml:"insecure"`
}

// encryption is what is wrong with how a check encrypts.
func (c *Check) encryption() error {
	switch s := c.TLS; {
	case s == nil:
		return nil
	case s.Host == "":
		return errors.New("tls: host: missing")
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("tls: cert, key: want both or neither")
	case s.Insecure && s.CA != "":
		return errors.New("tls: ca, insecure: want one of them")
	case c.From != "":
		return errors.New("tls: from: only the ingress takes encrypted requests")
	}
	return nil
}

// encrypt has requests be encrypted, for a host by its name.
func (r *Runner) encrypt(ctx context.Context, s Secure, cfg *load.Config) error {
	for _, text := range []*string{&s.Host, &s.CA, &s.Cert, &s.Key} {
		expanded, err := r.expand(ctx, *text)
		if err != nil {
			return err
		}
		*text = expanded
	}
	var err error
	cfg.URL = "https://" + s.Host
	cfg.TLS, err = s.config(r.folder)
	return err
}

// config reads the files.
func (s Secure) config(folder string) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: s.Insecure} //nolint:gosec // where a page says that it does not look
	if s.CA != "" {
		text, err := os.ReadFile(within(folder, s.CA))
		if err != nil {
			return nil, fmt.Errorf("tls: ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("tls: ca: %s: it has no certificate", s.CA)
		}
	}
	if s.Cert != "" {
		pair, err := tls.LoadX509KeyPair(within(folder, s.Cert), within(folder, s.Key))
		if err != nil {
			return nil, fmt.Errorf("tls: cert: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

func within(folder, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(folder, file)
}
