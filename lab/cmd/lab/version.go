package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/envoy"
)

// version is what the program was built from, and which Envoy it would start.
type version struct {
	Revision string `json:"revision"`          // empty when it was built outside a repository
	Modified bool   `json:"modified"`          // the sources differed from the revision
	Time     string `json:"time,omitempty"`    // of the revision
	Go       string `json:"go"`                // that built it
	Envoy    string `json:"envoy,omitempty"`   // empty when none is found
	Program  string `json:"program,omitempty"` // Envoy's file
}

func (a *app) version() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show what this program was built from, and which Envoy it starts",
		Example: `  bin/lab version
  bin/lab version -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := jsonOnly(format); err != nil {
				return err
			}
			info, _ := debug.ReadBuildInfo() // nil where there is none
			v := buildOf(info)
			if err := a.findVersion(cmd.Context(), &v); err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(a.stdout, v)
			}
			return v.write(a.stdout)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "", "json")
	complete(cmd, "output", "json")
	for _, flag := range []string{"client", "short", "remote"} { // kubectl's and istioctl's: all is said anyway
		cmd.Flags().Bool(flag, false, "")
		_ = cmd.Flags().MarkHidden(flag) // it is there
	}
	return cmd
}

// buildOf returns what Go noted in the program.
func buildOf(info *debug.BuildInfo) version {
	if info == nil {
		return version{Go: "unknown"}
	}
	v := version{Go: info.GoVersion}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Revision = setting.Value
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		case "vcs.time":
			v.Time = setting.Value
		}
	}
	return v
}

// findVersion adds the Envoy that `up` would start. That there is none is no error.
func (a *app) findVersion(ctx context.Context, v *version) error {
	home, err := a.home()
	if err != nil {
		return err
	}
	found, err := envoy.Search{Getenv: a.getenv, Root: home}.Find(ctx)
	if errors.Is(err, envoy.ErrNotFound) {
		return nil
	}
	v.Envoy, v.Program = found.Version, found.Path
	return err
}

func (v version) write(w io.Writer) error {
	revision := v.Revision
	switch {
	case revision == "":
		revision = "unknown: built without its repository"
	case v.Modified:
		revision += ", modified"
	}
	proxy := "none yet: bin/lab up installs it"
	if v.Envoy != "" {
		proxy = fmt.Sprintf("%s (%s)", v.Envoy, v.Program)
	}
	columns := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(columns, "Revision\t%s\n", revision)
	if v.Time != "" {
		fmt.Fprintf(columns, "Time\t%s\n", v.Time)
	}
	fmt.Fprintf(columns, "Go\t%s\nEnvoy\t%s\n", v.Go, proxy)
	return columns.Flush()
}
