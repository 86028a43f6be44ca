package objects_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/objects"
)

// Whatever a file holds, it is refused in words or can be applied, shown and taken away.
func FuzzApply(f *testing.F) {
	for _, pattern := range []string{"../../istiofiles/*.yml", "../../istiofiles/*/*.yml", "../../deploy/*/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := objects.Parse([]objects.File{{Name: "x", Data: data}}, namespace, false)
		if refused, ok := errors.AsType[*objects.Error](err); ok && len(refused.Problems) > 0 {
			return
		}
		if err != nil {
			t.Fatalf("error without a problem: %v", err)
		}
		named, problems := objects.Named(list)
		if _, _, err := (objects.Set{}).Change(objects.Apply, list, time.Unix(0, 0)); (err != nil) != (len(problems) > 0) {
			t.Fatalf("%d objects without a name: %v", len(problems), err)
		}
		list = named
		s, results, err := objects.Set{}.Change(objects.Apply, list, time.Unix(0, 0))
		if err != nil || len(results) != len(list) {
			t.Fatalf("%d objects, %d results, %v", len(list), len(results), err)
		}
		s.Explain(objects.Set{}, results, s.Expected())
		s.Mesh(s.Expected())
		for _, o := range s.All() {
			if text, err := o.YAML(); err != nil || !strings.Contains(string(text), "kind") {
				t.Errorf("%s: %v", text, err)
			}
		}
		if s, _, err = s.Change(objects.Delete, s.All(), time.Unix(0, 0)); err != nil || len(s.All()) > 0 {
			t.Errorf("%d are left, %v", len(s.All()), err)
		}
	})
}
