package book

import "errors"

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
