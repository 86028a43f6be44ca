package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
)

func (a *app) setImage() *cobra.Command {
	var labels string
	cmd := &cobra.Command{
		Use:               "image deployment/NAME CONTAINER=IMAGE",
		Short:             "Set the image of a Deployment's container; its pods are replaced",
		Example:           `  bin/lab set image deployment/recommendation-v2 recommendation=istio-tutorial-recommendation:v1`,
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			first := slices.IndexFunc(args, func(arg string) bool { return strings.Contains(arg, "=") })
			if first <= 0 {
				return misusef("want deployment/NAME, and CONTAINER=IMAGE after it")
			}
			images := map[string]string{}
			for _, arg := range args[first:] {
				name, image, ok := strings.Cut(arg, "=")
				if !ok || name == "" || image == "" {
					return misusef("%q: want CONTAINER=IMAGE", arg)
				}
				images[name] = image
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			results, err := client.SetImage(cmd.Context(), control.SetImage{
				Selection: a.selection(args[:first], labels), Images: images,
			})
			a.reportAll(results)
			return err
		},
	}
	cmd.Flags().StringVarP(&labels, "selector", "l", "", "Deployments with these labels")
	return cmd
}
