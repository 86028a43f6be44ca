package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

// createSecret has kubectl's two ways to make a Secret that the lab has a use for.
func (a *app) createSecret() *cobra.Command {
	return group(&cobra.Command{
		Use: "secret", Short: "Create a Secret, such as the certificate of a Gateway",
	}, a.createTLSSecret(), a.createGenericSecret())
}

func (a *app) createTLSSecret() *cobra.Command {
	c := &newSecret{change: &change{app: a, verb: objects.Create, dryRun: "none"}}
	var cert, key string
	cmd := &cobra.Command{
		Use:     "tls NAME --cert=FILE --key=FILE",
		Short:   "Create a Secret of a certificate and its private key",
		Example: `  bin/lab create secret tls shop -n istio-system --cert=shop.example.crt --key=shop.example.key`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cert == "" || key == "" {
				return misusef("--cert and --key are needed")
			}
			data := map[string][]byte{}
			for name, file := range map[string]string{"tls.crt": cert, "tls.key": key} {
				text, err := readFile(cmd.Context(), file)
				if err != nil {
					return err
				}
				data[name] = text
			}
			if _, err := tls.X509KeyPair(data["tls.crt"], data["tls.key"]); err != nil {
				return err
			}
			return c.create(cmd, args[0], "kubernetes.io/tls", data)
		},
	}
	cmd.Flags().StringVar(&cert, "cert", "", "file of the certificate, and of those that lead to its authority")
	cmd.Flags().StringVar(&key, "key", "", "file of its private key")
	c.declare(cmd)
	return cmd
}

func (a *app) createGenericSecret() *cobra.Command {
	c := &newSecret{change: &change{app: a, verb: objects.Create, dryRun: "none"}}
	var files, literals []string
	cmd := &cobra.Command{
		Use:     "generic NAME",
		Short:   "Create a Secret of files and texts",
		Example: `  bin/lab create secret generic shop -n istio-system --from-file=tls.crt=shop.crt --from-file=tls.key=shop.key --from-file=ca.crt`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := secretData(cmd.Context(), files, literals)
			if err != nil {
				return err
			}
			return c.create(cmd, args[0], "Opaque", data)
		},
	}
	cmd.Flags().StringArrayVar(&files, "from-file", nil, "FILE or KEY=FILE; may be repeated")
	cmd.Flags().StringArrayVar(&literals, "from-literal", nil, "KEY=TEXT; may be repeated")
	complete(cmd, "from-literal")
	c.declare(cmd)
	return cmd
}

// secretData are the values that flags name, by their keys.
func secretData(ctx context.Context, files, literals []string) (map[string][]byte, error) {
	data := map[string][]byte{}
	put := func(flag, key string, value []byte) error {
		if _, twice := data[key]; twice {
			return misusef("%s: key %s given twice", flag, key)
		}
		data[key] = value
		return nil
	}
	for _, text := range files {
		key, file, named := strings.Cut(text, "=")
		if !named {
			key, file = filepath.Base(text), text
		}
		value, err := readFile(ctx, file)
		if err != nil {
			return nil, err
		}
		if err := put("--from-file", key, value); err != nil {
			return nil, err
		}
	}
	for _, text := range literals {
		key, value, named := strings.Cut(text, "=")
		if !named {
			return nil, misusef("--from-literal: want KEY=TEXT")
		}
		if err := put("--from-literal", key, []byte(value)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// newSecret is a Secret that is created, or only written as a file.
type newSecret struct {
	*change
	output string
}

func (c *newSecret) declare(cmd *cobra.Command) {
	c.declareDryRun(cmd)
	cmd.Flags().StringVarP(&c.output, "output", "o", "", "yaml or json: print the Secret, with --dry-run=client, for apply -f -")
	complete(cmd, "output", "yaml", "json")
}

func (c *newSecret) create(cmd *cobra.Command, name, kind string, data map[string][]byte) error {
	switch {
	case !slices.Contains([]string{"", "yaml", "json"}, c.output):
		return misusef("--output=%s: want yaml or json", c.output)
	case c.output != "" && c.dryRun != "client":
		return misusef("--output needs --dry-run=client")
	}
	text, err := json.MarshalIndent(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": kind, "data": data,
		"metadata": map[string]any{"name": name, "namespace": c.namespace},
	}, "", "    ")
	if err != nil {
		return err
	}
	files := []objects.File{{Name: "secret", Data: text}}
	if c.output == "" {
		return c.do(cmd, files)
	}
	if _, err := (offline.Lab{Files: files, Namespace: c.namespace}).Check(); err != nil {
		return err
	}
	if c.output == "yaml" {
		text = secretYAML(name, c.namespace, kind, data)
	}
	_, err = fmt.Fprintln(c.stdout, strings.TrimSuffix(string(text), "\n"))
	return err
}

// secretYAML is a Secret as kubectl writes it. Its names are checked, and its values have no signs of YAML.
func secretYAML(name, namespace, kind string, data map[string][]byte) []byte {
	var b bytes.Buffer
	b.WriteString("apiVersion: v1\n")
	if len(data) > 0 {
		b.WriteString("data:\n")
	}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		fmt.Fprintf(&b, "  %s: %s\n", yamlText(key), yamlText(base64.StdEncoding.EncodeToString(data[key])))
	}
	fmt.Fprintf(&b, "kind: Secret\nmetadata:\n  name: %s\n  namespace: %s\ntype: %s\n", yamlText(name), yamlText(namespace), kind)
	return b.Bytes()
}

// yamlText quotes what YAML might take for no text, such as 1.5 or true.
func yamlText(text string) string {
	if len(text) > len("false") && text[0] >= 'A' && text[0] <= 'z' {
		return text
	}
	return strconv.Quote(text)
}
