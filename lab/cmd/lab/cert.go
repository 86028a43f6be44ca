package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/identity"
)

const aboutCert = `Make certificates as files, for a Gateway and its clients: HOST.crt and HOST.key for the
hosts, and ca.crt, the authority that signs them. The first host names the files. If the folder has an
authority with its key already, that authority signs again: this is how to renew a certificate.`

func (a *app) cert() *cobra.Command {
	var client, out string
	cmd := &cobra.Command{
		Use:   "cert HOST…",
		Short: "Make an authority, certificates and keys, as files",
		Long:  aboutCert,
		Example: `  bin/lab cert shop.example
  bin/lab cert shop.example --client ann --out certs`,
		RunE: func(_ *cobra.Command, hosts []string) error {
			if len(hosts) == 0 && client == "" {
				return misusef("name a host, or a client by --client")
			}
			if slices.Contains(hosts, "") {
				return misusef("%q is not the name of a host or a client", "")
			}
			for _, name := range append(hosts[:len(hosts):len(hosts)], client) {
				if strings.ContainsAny(name, `/\ `) || strings.HasPrefix(name, ".") {
					return misusef("%q is not the name of a host or a client", name)
				}
			}
			return a.makeCertificates(hosts, client, out)
		},
	}
	cmd.Flags().StringVar(&client, "client", "", "make a certificate for a client of this name, too")
	cmd.Flags().StringVar(&out, "out", ".", "folder of the files")
	complete(cmd, "client")
	return cmd
}

func (a *app) makeCertificates(hosts []string, client, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // certificates are for all; keys have modes of their own
		return err
	}
	signer, err := a.signer(out)
	if err != nil {
		return err
	}
	if len(hosts) > 0 {
		pair, err := signer.Host(hosts...)
		if err == nil {
			err = a.writePair(out, strings.ReplaceAll(hosts[0], "*", "wildcard"), pair)
		}
		if err != nil {
			return err
		}
	}
	if client == "" {
		return nil
	}
	pair, err := signer.Client(client)
	if err != nil {
		return err
	}
	return a.writePair(out, client, pair)
}

// signer is the authority of a folder, or a new one.
func (a *app) signer(out string) (*identity.Signer, error) {
	certificate, err := os.ReadFile(filepath.Join(out, "ca.crt"))
	key, errKey := os.ReadFile(filepath.Join(out, "ca.key"))
	switch err := errors.Join(err, errKey); {
	case err == nil:
		return identity.ReadSigner(identity.Pair{Certificate: certificate, Key: key}, time.Now())
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	signer, err := identity.NewSigner(time.Now())
	if err != nil {
		return nil, err
	}
	pair, err := signer.Authority()
	if err != nil {
		return nil, err
	}
	return signer, a.writePair(out, "ca", pair)
}

// writePair writes a key for its owner's eyes alone.
func (a *app) writePair(out, name string, p identity.Pair) error {
	certificate, key := filepath.Join(out, name+".crt"), filepath.Join(out, name+".key")
	if err := os.WriteFile(certificate, p.Certificate, 0o644); err != nil { //nolint:gosec // a certificate is public
		return err
	}
	if err := os.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) { // its mode may be another
		return err
	}
	if err := os.WriteFile(key, p.Key, 0o600); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "%s\n%s\n", certificate, key)
	return err
}
