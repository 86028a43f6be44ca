package main

import (
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
		RunE: func(*cobra.Command, []string) error {
			if path == "" {
				return misusef("filename not specified (see --filename or -f)")
			}
			fmt.Fprintln(a.stderr, "the lab needs no injection: it gives pods their sidecars itself")
			return a.copyFile(path)
		},
	}
	cmd.Flags().StringVarP(&path, "filename", "f", "", "the file, or - for standard input")
	return cmd
}

func (a *app) copyFile(path string) error {
	if path == "-" {
		_, err := io.Copy(a.stdout, a.stdin)
		return err
	}
	path, err := a.fileAt(path)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	if info, err := file.Stat(); err != nil {
		return err
	} else if info.IsDir() {
		return fmt.Errorf("%s: is a directory, want a file", path)
	}
	_, err = io.Copy(a.stdout, file)
	return err
}
