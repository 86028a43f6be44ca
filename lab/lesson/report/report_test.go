package report_test

import (
	"bytes"
	"errors"
	"testing"

	"istio-tutorial/lab/lesson"
	"istio-tutorial/lab/lesson/book"
	"istio-tutorial/lab/lesson/report"
)

// TestMarkdown has a row for each lesson and a column for each edition.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	one, two := book.Page{Number: 1, Name: "one"}, book.Page{Number: 2, Name: "two"}
	wrong := errors.New("wrong")
	var b bytes.Buffer
	err := report.Markdown(&b, "Kubernetes v1.37", []lesson.Result{
		{Page: one, Edition: "v1"}, {Page: two, Edition: "v1", Err: wrong},
		{Page: one, Edition: "v1", Mutant: &book.Mutant{}}, {Page: one, Edition: "v1", Mutant: &book.Mutant{}, Err: wrong},
		{Page: two, Edition: "gateway-api", Absent: true},
		{Page: one, Edition: "gateway-api"}, {Page: one, Edition: "gateway-api"},
	})
	const want = `Kubernetes v1.37

| lesson | v1 | gateway-api |
|---|---|---|
| 1 one | holds, finds 1 of 2 changes | holds (2 times) |
| 2 two | **fails** | – |
`
	if b.String() != want || err != nil {
		t.Errorf("%v\n%s", err, b.String())
	}
}
