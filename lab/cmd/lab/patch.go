package main

import (
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
)

func (a *app) patch() *cobra.Command {
	var text, file, kind string
	var files sources
	cmd := &cobra.Command{
		Use:   "patch KIND NAME -p PATCH",
		Short: "Change objects in part",
		Long: `Change objects in part. A patch is YAML or JSON. --type=strategic joins lists by the names of
their items, for Kubernetes' own kinds; --type=merge replaces lists; with --type=json the patch is a list
of operations.`,
		Example: `  bin/lab patch deployment recommendation-v1 -p '{"spec":{"replicas":2}}'
  bin/lab patch vs recommendation --type=merge -p '{"spec":{"hosts":["recommendation"]}}'
  bin/lab patch svc customer --type=json -p '[{"op":"remove","path":"/metadata/labels"}]'`,
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && !files.given():
				return misusef("one or more objects must be specified as KIND NAME or KIND/NAME")
			case (text == "") == (file == ""):
				return misusef("must specify --patch or --patch-file, one of them")
			}
			if file != "" {
				data, err := readFile(cmd.Context(), file)
				if err != nil {
					return err
				}
				text = string(data)
			}
			data, err := patchJSON(text)
			if err != nil {
				return err
			}
			list, err := a.selected(cmd.Context(), &files, args, "")
			if err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			how := objects.Patch{Type: objects.PatchType(kind), Data: data}
			return a.each(list, func(s objects.Selection) ([]objects.Result, error) {
				return client.Patch(cmd.Context(), control.PatchQuery{Selection: s, Patch: how})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&text, "patch", "p", "", "the patch")
	flags.StringVar(&file, "patch-file", "", "a file with the patch")
	flags.StringVar(&kind, "type", string(objects.StrategicPatch), "strategic, merge or json")
	complete(cmd, "type", "strategic", "merge", "json")
	files.declare(a, cmd)
	return cmd
}

// patchJSON is a patch as JSON.
func patchJSON(text string) ([]byte, error) {
	if json.Valid([]byte(text)) {
		return []byte(text), nil
	}
	data, err := document.ToJSON("patch", strings.NewReader(text))
	if err != nil {
		return nil, misuse{err}
	}
	return data, nil
}
