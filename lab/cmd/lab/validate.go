package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

func (a *app) validate() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:     "validate -f FILE",
		Short:   "Check that files would be accepted, as istioctl validate does",
		Long:    "Check that files would be accepted. bin/lab analyze reports what their rules would do.",
		Example: `  bin/lab validate -f istiofiles/v1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.files = append(s.files, args...) // as istioctl takes them
			if !s.given() {
				return misusef("filename not specified (see --filename or -f)")
			}
			files, err := s.read(cmd.Context(), a.stdin)
			if err != nil {
				return err
			}
			var problems []error
			for _, f := range files {
				one := offline.Lab{Files: []objects.File{f}, Namespace: a.namespace}
				warnings, err := one.Check()
				a.warn(warnings...)
				if problems = append(problems, err); err == nil {
					fmt.Fprintf(a.stdout, "%q is valid\n", document.Printable(f.Name))
				}
			}
			return objects.Join(problems...)
		},
	}
	s.declare(a, cmd)
	return cmd
}
