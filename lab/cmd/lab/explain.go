package main

import (
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/schema"
)

func (a *app) explain() *cobra.Command {
	var version string
	var recursive bool
	cmd := &cobra.Command{
		Use:   "explain KIND[.FIELD...]",
		Short: "Show what the fields of a kind mean",
		Long: `Show what the fields of a kind mean: by Kubernetes' own types, and by the published
CustomResourceDefinitions of Istio and of the Gateway API, which Go has in its module cache.`,
		Example: `  bin/lab explain virtualservice.spec.http
  bin/lab explain deployment --recursive`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return kinds(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			k, fields, err := kindAndFields(args[0])
			if err != nil {
				return err
			}
			home, err := a.home()
			if err != nil {
				return err
			}
			group, asked, ok := strings.Cut(version, "/")
			if !ok {
				group, asked = k.Group, version
			}
			s, err := schema.Find(cmd.Context(), home, schema.Kind{
				Group: group, Version: asked, Kind: k.Kind, Classic: k.Type != "",
			})
			if err != nil {
				return err
			}
			return s.Write(a.stdout, fields, recursive)
		},
	}
	cmd.Flags().StringVar(&version, "api-version", "", "the API version, such as networking.istio.io/v1beta1")
	cmd.Flags().BoolVar(&recursive, "recursive", false, "list all fields below")
	return cmd
}

// kindAndFields parts virtualservice.spec.http, and virtualservices.networking.istio.io.spec.
func kindAndFields(arg string) (objects.Kind, []string, error) {
	words := strings.Split(arg, ".")
	for end := len(words); end > 0; end-- {
		if k, err := objects.FindKind(strings.Join(words[:end], ".")); err == nil {
			return k, words[end:], nil
		}
	}
	k, err := objects.FindKind(words[0])
	if err != nil {
		return k, nil, misuse{err}
	}
	return k, words[1:], nil
}
