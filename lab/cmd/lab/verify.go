package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/onlab"
	"istio-tutorial/lab/lesson/report"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/traffic"
)

// verify is the verb and its flags.
type verify struct {
	*app
	editionFlag string
	runs, jobs  int
	prove       bool
	junit       string
	output      string
	verbose     bool
	absent      int
	results     []lesson.Result
	there       verifyThere
}

func (a *app) verify() *cobra.Command {
	v := &verify{app: a}
	cmd := &cobra.Command{
		Use:   "verify [LESSON...]",
		Short: "Run the lessons as tests, each in a separate lab",
		Long: `Run lessons as tests, by number or name, by default all: every command and every check of a page,
each page in a separate lab. The exit status is 1 if something on a page is not true.`,
		Example: `  bin/lab verify
  bin/lab verify 4 14 -v
  bin/lab verify --prove --junit out/lessons.xml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if v.verbose && !cmd.Flags().Changed("jobs") {
				v.jobs = 1 // so that lines of two pages do not mix
			}
			return v.run(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&v.prove, "prove", false,
		"also run each page with its rules left out or wrong, and expect its checks to find that")
	flags.IntVar(&v.runs, "runs", 1, "how many times to run each page")
	flags.IntVarP(&v.jobs, "jobs", "j", 2*runtime.NumCPU(), "number of labs at the same time")
	flags.StringVar(&v.junit, "junit", "", "write a report to this file")
	flags.BoolVarP(&v.verbose, "verbose", "v", false, "print what the pages do")
	flags.StringVar(&v.editionFlag, "edition", a.editions()[0], strings.Join(a.editions(), ", ")+", or all")
	flags.StringVarP(&v.output, "output", "o", "", "at the end, print a table of the results: markdown")
	if a.onCluster() {
		v.declareThere(cmd)
	}
	return cmd
}

func (v *verify) run(cmd *cobra.Command, args []string) (err error) {
	editions, err := v.check()
	if err != nil {
		return err
	}
	home, pages, err := v.lessons(englishPages, args)
	if err != nil {
		return err
	}
	home.Audit = &onlab.Audit{Explain: func(w io.Writer, r *traffic.Request) { v.explainRequest(w, r, english) }}
	ground, on, end, err := v.ground(cmd, home, pages)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	wrong, began := 0, time.Now()
	for _, edition := range editions {
		run := lesson.Verify{
			Ground: ground, Pages: pages, Edition: edition, Runs: v.runs, Prove: v.prove, Sample: v.sample(), Jobs: v.jobs,
			Report: v.report,
		}
		if v.verbose {
			run.Say = func(p book.Page, line string) {
				fmt.Fprintf(v.stdout, "%02d | %s\n", p.Number, line)
			}
		}
		n, err := run.Run(cmd.Context())
		if err != nil {
			return err
		}
		wrong += n
	}
	ran := len(v.results) - v.absent
	fmt.Fprintf(v.stdout, "%d of %d held, in %v\n", ran-wrong, ran,
		time.Since(began).Round(100*time.Millisecond))
	if err := v.write(on); err != nil {
		return err
	}
	if wrong > 0 {
		return exitStatus(failed)
	}
	return nil
}

// editions are those of the pages that can be run: a cluster of today has none of 2018's rules.
func (a *app) editions() []string {
	if a.onCluster() {
		return []string{string(objects.V1), string(objects.GatewayAPI)}
	}
	return book.Editions()
}

func (v *verify) check() (editions []string, err error) {
	switch known := v.editions(); {
	case v.runs < 1:
		return nil, misusef("--runs=%d: want at least 1", v.runs)
	case v.jobs < 1:
		return nil, misusef("--jobs=%d: want at least 1", v.jobs)
	case v.output != "" && v.output != markdown:
		return nil, misusef("--output=%s: want %s", v.output, markdown)
	case v.editionFlag == "all":
		return known, nil
	case !slices.Contains(known, v.editionFlag):
		return nil, misusef("--edition=%s: want %s, or all", v.editionFlag, strings.Join(known, ", "))
	}
	return []string{v.editionFlag}, nil
}

// markdown is the form of --output.
const markdown = "markdown"

// ground is where the pages are run, its name, and how to end it.
func (v *verify) ground(cmd *cobra.Command, home *onlab.Home, pages []book.Page) (lesson.Ground, string, func() error, error) {
	if v.onCluster() {
		return v.clusterGround(cmd, home.Folder, pages)
	}
	return home, "The lab", func() error { return nil }, nil
}

// report shows a line for each run, and of a failed one all that may explain it.
func (v *verify) report(r lesson.Result) {
	v.results = append(v.results, r)
	verdict := "ok"
	switch {
	case r.Err != nil:
		verdict = "FAILED"
	case r.Mutant != nil:
		verdict = "found"
	case r.Absent:
		v.absent++
		fmt.Fprintf(v.stdout, "none             %s, see docs/gateway-api.md\n", r.Label())
		return
	}
	fmt.Fprintf(v.stdout, "%-6s %6.1fs  %s\n", verdict, r.Took.Seconds(), r.Label())
	if r.Err == nil {
		return
	}
	fmt.Fprintf(v.stdout, "%v\n", r.Err)
	for _, line := range r.Clues {
		fmt.Fprintf(v.stdout, "  %s\n", line)
	}
	fmt.Fprintf(v.stdout, "  alone: %s\n", v.alone(r))
}

// alone is the command that runs a page again.
func (v *verify) alone(r lesson.Result) string {
	line := "bin/lab verify " + strconv.Itoa(r.Number) + " -v"
	if r.Mutant != nil {
		line += " --prove"
	}
	if r.Edition != v.editions()[0] {
		line += " --edition " + r.Edition
	}
	if v.onCluster() {
		line = strings.Replace(line, "verify", "--on cluster verify", 1)
	}
	return line
}

// write writes the reports that are asked for, of what ran on something.
func (v *verify) write(on string) error {
	if v.output != "" {
		if err := report.Markdown(v.stdout, on, v.results); err != nil {
			return err
		}
	}
	if v.junit == "" {
		return nil
	}
	file, err := os.Create(v.junit)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it is closed below unless writing failed
	if err := report.JUnit(file, v.results); err != nil {
		return fmt.Errorf("%s: %w", v.junit, err)
	}
	return file.Close()
}

// englishPages is the folder of the pages that tests run.
const englishPages = "docs"

// lessons are the pages in a folder that words name, all of them without, and what their labs start
// from.
func (a *app) lessons(in string, words []string) (*onlab.Home, []book.Page, error) {
	folder, err := a.home()
	if err != nil {
		return nil, nil, err
	}
	home := &onlab.Home{
		Folder: folder, Environ: append(a.environ(), languageVariable+"="+languageOf(in)),
		FolderOf: func(name string) (control.Folder, error) { return control.FolderOf(name, a.getenv) },
	}
	all, err := book.ReadAll(filepath.Join(folder, in))
	if err != nil || len(words) == 0 {
		return home, all, err
	}
	var pages []book.Page
	for _, word := range words {
		i, err := a.find(all, word)
		if err != nil {
			return home, nil, err
		}
		pages = append(pages, all[i])
	}
	return home, pages, nil
}

// languageOf is the language of a folder's pages.
func languageOf(folder string) string {
	if folder == englishPages {
		return english
	}
	return filepath.Base(folder)
}

// find returns where the page is that a word names.
func (a *app) find(pages []book.Page, word string) (int, error) {
	i := slices.IndexFunc(pages, func(p book.Page) bool { return p.Is(word) })
	if i < 0 {
		return 0, misusef("%s: no such lesson; `%s` lists them", word, a.line("lesson"))
	}
	return i, nil
}
