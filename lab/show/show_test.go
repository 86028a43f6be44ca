package show_test

import (
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/show"
)

// subjects are the objects of a file.
func subjects(t *testing.T, text string) (objects.Kind, []show.Subject) {
	t.Helper()
	list, err := objects.Parse([]objects.File{{Name: "a.yml", Data: []byte(text)}}, "ns", false)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := objects.Set{}.Change(objects.Create, list, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var all []show.Subject
	for _, o := range set.All() {
		all = append(all, show.Subject{Ref: o.Ref, Created: o.Created, Object: o})
	}
	kind, err := objects.FindKind(all[0].Kind)
	if err != nil {
		t.Fatal(err)
	}
	return kind, all
}

// line is the names of columns, or the cells of a row, but for what only `-o wide` shows.
func line(t control.Table, cell func(int) string) string {
	var list []string
	for i, c := range t.Columns {
		if !c.Wide {
			list = append(list, cell(i))
		}
	}
	return strings.Join(list, " ")
}

// TestTable has kubectl's columns for objects, those of the published CRDs for rules of today, and istioctl's for
// rules of 2018, which have their namespace always.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, columns, cells string
		namespaces           bool
	}{
		{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c, d: e}\n", "NAMESPACE NAME DATA AGE", "ns a 2 0s", true},
		{"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "NAME STATUS AGE", "a Active 0s", true},
		{
			"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: b}\n",
			"NAME HOST AGE", "a b 0s", false,
		},
		{
			"apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: a}\n" +
				"spec: {destination: {name: b}, route: [{weight: 100}]}\n",
			"NAME KIND NAMESPACE", "a RouteRule.config.istio.io.v1alpha2 ns", true,
		},
	} {
		kind, list := subjects(t, c.text)
		table, err := show.Table(kind, c.namespaces, list)
		if err != nil {
			t.Fatal(err)
		}
		if got := line(table, func(i int) string { return table.Columns[i].Name }); got != c.columns {
			t.Errorf("%s: columns %s, want %s", kind.Kind, got, c.columns)
		}
		if got := line(table, func(i int) string { return table.Rows[0].Cells[i] }); got != c.cells {
			t.Errorf("%s: cells %s, want %s", kind.Kind, got, c.cells)
		}
	}
}

// TestHiddenKey leaves the private key out of a Secret, in its values and in what kubectl has written beside them.
func TestHiddenKey(t *testing.T) {
	t.Parallel()
	kind, list := subjects(t, `apiVersion: v1
kind: Secret
metadata:
  name: a
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"stringData": {"key": "kept"}}', note: mine}
type: Opaque
stringData: {key: kept-secret, cert: shown}
`)
	table, err := show.Table(kind, false, list)
	if err != nil {
		t.Fatal(err)
	}
	text := table.Rows[0].YAML
	for word, want := range map[string]bool{"kept": false, "a2VwdC1zZWNyZXQ=": false, "c2hvd24=": true, "mine": true, "stringData": false} {
		if strings.Contains(text, word) != want {
			t.Errorf("%s in it: want %v\n%s", word, want, text)
		}
	}
}
