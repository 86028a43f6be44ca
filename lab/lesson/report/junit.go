// Package report writes what came of the lessons for others to read: CI systems, and pages.
package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"istio-tutorial/lab/lesson"
)

// The elements of JUnit's reports, as CI systems read them.
type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Suite    suite    `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"` // seconds
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		File    string   `xml:"file,attr"`
		Time    string   `xml:"time,attr"` // seconds
		Failure *failure `xml:"failure"`
		Skipped *failure `xml:"skipped"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes results as JUnit's XML.
func JUnit(w io.Writer, results []lesson.Result) error {
	s := suite{Name: "lessons", Tests: len(results)}
	seconds := 0.0
	for _, r := range results {
		c := testcase{
			Class: r.Edition, Name: r.Label(), File: r.File, Time: fmt.Sprintf("%.3f", r.Took.Seconds()),
		}
		if r.Absent {
			s.Skipped++
			c.Skipped = &failure{Message: "the page says nothing in this edition"}
		}
		if r.Err != nil {
			s.Failures++
			first, _, _ := strings.Cut(r.Err.Error(), "\n")
			c.Failure = &failure{first, strings.Join(append([]string{r.Err.Error()}, r.Clues...), "\n")}
		}
		seconds += r.Took.Seconds()
		s.Cases = append(s.Cases, c)
	}
	s.Time = fmt.Sprintf("%.3f", seconds)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suites{Tests: s.Tests, Failures: s.Failures, Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
