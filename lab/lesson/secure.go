package lesson

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"

	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/load"
)

// encrypt has requests be encrypted, for a host by its name.
func (r *Runner) encrypt(ctx context.Context, s book.Secure, cfg *load.Config) error {
	for _, text := range []*string{&s.Host, &s.CA, &s.Cert, &s.Key} {
		expanded, err := r.expand(ctx, *text)
		if err != nil {
			return err
		}
		*text = expanded
	}
	var err error
	cfg.URL = "https://" + s.Host
	cfg.TLS, err = tlsConfig(s, r.folder)
	return err
}

// tlsConfig reads the files.
func tlsConfig(s book.Secure, folder string) (*tls.Config, error) {
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
