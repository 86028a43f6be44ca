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
	cmd := &cobra.Command{
		Use:   "patch KIND NAME -p PATCH",
		Short: "Change objects in part",
		Long: `Change objects in part. A patch is YAML or JSON. Of --type=strategic it joins lists by their
names, which Kubernetes' own kinds have; --type=merge replaces lists, and --type=json is a list of
operations.`,
		Example: `  bin/lab patch deployment recommendation-v1 -p '{"spec":{"replicas":2}}'
  bin/lab patch vs recommendation --type=merge -p '{"spec":{"hosts":["recommendation"]}}'
  bin/lab patch svc customer --type=json -p '[{"op":"remove","path":"/metadata/labels"}]'`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (text == "") == (file == "") {
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
			client, err := a.client()
			if err != nil {
				return err
			}
			results, err := client.Patch(cmd.Context(), control.PatchQuery{
				Selection: a.selection(args, ""),
				Patch:     objects.Patch{Type: objects.PatchType(kind), Data: data},
			})
			a.reportAll(results)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&text, "patch", "p", "", "the patch")
	flags.StringVar(&file, "patch-file", "", "a file with the patch")
	flags.StringVar(&kind, "type", string(objects.StrategicPatch), "strategic, merge or json")
	complete(cmd, "type", "strategic", "merge", "json")
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
