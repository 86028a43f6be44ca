package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"istio-tutorial/lab/lesson"
)

// Markdown writes results as a table of lessons by editions, below what they ran on.
func Markdown(w io.Writer, on string, results []lesson.Result) error {
	t := tally{cells: map[string]map[string]*cell{}}
	for _, r := range results {
		t.add(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n| lesson | %s |\n|---|%s\n", on, strings.Join(t.editions, " | "), strings.Repeat("---|", len(t.editions)))
	for _, lesson := range t.lessons {
		fmt.Fprintf(&b, "| %s |", lesson)
		for _, edition := range t.editions {
			fmt.Fprintf(&b, " %v |", t.cells[lesson][edition])
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tally is the table, in the order of the results.
type tally struct {
	lessons, editions []string
	cells             map[string]map[string]*cell
}

// cell is what came of all runs of a lesson in an edition.
type cell struct {
	ran, held    int
	wrong, found int // mutants
}

func (t *tally) add(r lesson.Result) {
	name := fmt.Sprintf("%d %s", r.Number, r.Name)
	if t.cells[name] == nil {
		t.lessons, t.cells[name] = append(t.lessons, name), map[string]*cell{}
	}
	if !slices.Contains(t.editions, r.Edition) {
		t.editions = append(t.editions, r.Edition)
	}
	c := t.cells[name][r.Edition]
	if c == nil {
		c = &cell{}
		t.cells[name][r.Edition] = c
	}
	switch {
	case r.Absent:
	case r.Mutant != nil:
		c.wrong++
		if r.Err == nil {
			c.found++
		}
	default:
		c.ran++
		if r.Err == nil {
			c.held++
		}
	}
}

// String is short where all is well; a dash is a lesson that the edition does not have.
func (c *cell) String() string {
	if c == nil || c.ran+c.wrong == 0 {
		return "–"
	}
	text := "holds"
	switch {
	case c.held < c.ran && c.ran == 1:
		text = "**fails**"
	case c.held < c.ran:
		text = fmt.Sprintf("**fails** (%d of %d)", c.ran-c.held, c.ran)
	case c.ran > 1:
		text = fmt.Sprintf("holds (%d times)", c.ran)
	}
	if c.wrong > 0 {
		text += fmt.Sprintf(", finds %d of %d changes", c.found, c.wrong)
	}
	return text
}
