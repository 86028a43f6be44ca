package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) kubeInject() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:     "kube-inject -f FILE",
		Short:   "Print a file as it is: the lab gives pods their sidecars itself",
		Example: `  bin/lab apply -f <(bin/lab kube-inject -f deploy/customer/Deployment.yml)`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return misusef("filename not specified (see --filename or -f)")
			}
			fmt.Fprintln(a.stderr, "the lab needs no injection: it gives pods their sidecars itself")
			return a.copyFile(cmd.Context(), path)
		},
	}
	cmd.Flags().StringVarP(&path, "filename", "f", "", "the file, or - for standard input")
	return cmd
}

func (a *app) copyFile(ctx context.Context, path string) (err error) {
	if path != "-" {
		if path, err = a.fileAt(path); err != nil {
			return err
		}
	}
	_, err = unlessDone(ctx, func() (int64, error) {
		if path == "-" {
			return io.Copy(a.stdout, a.stdin)
		}
		file, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		defer func() { _ = file.Close() }() // it was only read
		if info, err := file.Stat(); err != nil {
			return 0, err
		} else if info.IsDir() {
			return 0, fmt.Errorf("%s: is a directory, want a file", path)
		}
		return io.Copy(a.stdout, file)
	})
	return err
}
