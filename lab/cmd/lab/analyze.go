package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

// istioctl's exit statuses of analyze.
const (
	unreadable = 65 // a file is no YAML
	hasIssues  = 79 // a message is as bad as --failure-threshold
)

// analysis is analyze and its flags.
type analysis struct {
	*app
	sources
	format            string
	failFrom, tellFor string
	strict            bool // what the lab does not do is an issue
}

func (a *app) analyze() *cobra.Command {
	n := &analysis{app: a}
	cmd := &cobra.Command{
		Use:   "analyze [-f FILE]",
		Short: "Report what is wrong with rules, as istioctl analyze does",
		Long: `Report what is wrong with rules: what would be refused, what leads nowhere, what never
acts. Each message has istioctl's code, if there is one, and the file and line.

With -f it checks files, without a lab: services and workloads are those of the files and of
deploy/, including version 2 of recommendation. If several files have the same object, each is
checked. Without -f it checks the rules of the running lab.

Level Unsupported is what the lab does not do, and a cluster does: the file is valid, and create
refuses it here. It sets the exit status only with --strict.

Its exit status is istioctl's: 79 if there is a message of level Error (or of --failure-threshold),
65 if a file is not YAML.`,
		Example: `  bin/lab analyze -f istiofiles/v1/acl-whitelist.yml
  bin/lab analyze -f rule.yml --failure-threshold Warning
  bin/lab analyze -f - -o json <rule.yml
  bin/lab analyze`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n.files = append(n.files, args...) // as istioctl takes them
			if err := n.check(); err != nil {
				return err
			}
			return n.run(cmd)
		},
	}
	n.declare(a, cmd)
	n.declareChannel(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&n.format, "output", "o", "log", "log or json")
	flags.StringVar(&n.failFrom, "failure-threshold", "Error",
		"least level that sets exit status 79: Info, Warning or Error")
	flags.StringVar(&n.tellFor, "output-threshold", "Info",
		"least level to print: Info, Warning or Error")
	flags.BoolVar(&n.strict, "strict", false, "set exit status 79 also for what the lab does not do, and a cluster does")
	flags.BoolP("all-namespaces", "A", false, "all namespaces, as without it")
	return cmd
}

func (n *analysis) check() error {
	if n.format != "log" && n.format != "json" {
		return misusef("--output=%s: want log or json", n.format)
	}
	for flag, level := range map[string]string{
		"failure-threshold": n.failFrom, "output-threshold": n.tellFor,
	} {
		if rank(level) < 0 {
			return misusef("--%s=%s: want Info, Warning or Error", flag, level)
		}
	}
	return nil
}

// isBad reports whether a finding sets the exit status; that the lab does not do something is no
// fault of the file.
func (n *analysis) isBad(f objects.Finding) bool {
	if f.Level == objects.Unsupported {
		return n.strict
	}
	return !f.Unreadable() && rank(string(f.Level)) >= rank(n.failFrom)
}

// rank is a level's place, the lightest first; -1 for what is none.
func rank(level string) int {
	levels := []objects.Level{objects.Info, objects.Warning, objects.Fatal}
	return slices.IndexFunc(levels, func(l objects.Level) bool {
		return strings.EqualFold(string(l), level)
	})
}

func (n *analysis) run(cmd *cobra.Command) error {
	findings, err := n.ask(cmd)
	if err != nil {
		return err
	}
	told := []objects.Finding{}
	for _, f := range findings {
		if f.Level == objects.Unsupported || rank(string(f.Level)) >= rank(n.tellFor) {
			told = append(told, f)
		}
	}
	if err := n.show(told); err != nil {
		return err
	}
	switch {
	case slices.ContainsFunc(findings, n.isBad):
		n.complain("issues found in " + n.what() + "; the codes are at " + codesPage)
		return exitStatus(hasIssues)
	case slices.ContainsFunc(findings, objects.Finding.Unreadable):
		return exitStatus(unreadable)
	case len(told) == 0 && n.format == "log":
		fmt.Fprintln(n.stderr, "no issues found in "+n.what())
	}
	return nil
}

// codesPage tells what each code is about.
const codesPage = "https://istio.io/latest/docs/reference/config/analysis/"

// what is what was looked at.
func (n *analysis) what() string {
	if n.given() {
		return strings.Join(append(n.folders, n.files...), ", ")
	}
	return "lab " + n.name
}

func (n *analysis) ask(cmd *cobra.Command) ([]objects.Finding, error) {
	if !n.given() {
		client, err := n.client()
		if err != nil {
			return nil, err
		}
		return client.Analyze(cmd.Context())
	}
	files, err := n.contents(cmd.Context(), n.stdin)
	if err != nil {
		return nil, err
	}
	services, err := n.tutorial(cmd.Context())
	if err != nil {
		return nil, err
	}
	lab := offline.Lab{
		Manifests: services, Files: files, Namespace: n.namespace, Edition: objects.V1, // istioctl's is of today
		Channel: objects.Channel(n.channel),
	}
	return lab.Analyze()
}

// message is istioctl's of JSON.
type message struct {
	Code      string `json:"code"`
	Page      string `json:"documentationUrl,omitempty"`
	Level     string `json:"level"`
	Text      string `json:"message"`
	Origin    string `json:"origin"`
	Reference string `json:"reference"`
}

// place is the file and the line, if the finding is of a line.
func place(f objects.Finding) string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

func (n *analysis) show(findings []objects.Finding) error {
	messages := make([]message, len(findings))
	for i, f := range findings {
		messages[i] = message{
			Code: f.Code, Level: string(f.Level), Text: f.Text, Origin: f.Origin,
			Reference: place(f),
		}
		if f.Code != "" {
			messages[i].Page = codesPage + strings.ToLower(f.Code) + "/"
		}
	}
	if n.format == "json" {
		return writeJSON(n.stdout, messages)
	}
	for _, m := range messages {
		level := m.Level
		if m.Code != "" {
			level += " [" + m.Code + "]"
		}
		place := strings.TrimSpace(m.Origin + " " + m.Reference)
		if _, err := fmt.Fprintln(n.stdout, document.Printable(fmt.Sprintf("%s (%s) %s", level, place, m.Text))); err != nil {
			return err
		}
	}
	return nil
}
