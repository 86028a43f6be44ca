package manifests_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/manifests"
)

// FuzzParse: any text is refused with errors that name the file, or gives objects that a
// topology, a pod's name and the live YAML can be made of.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"/*/*.yml", "/*.yml", "/*/*/*.yml"} {
		files, err := filepath.Glob(filepath.FromSlash(deploy + pattern))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Add(minimal)
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := parse("x.yml", text)
		if err != nil {
			var errs document.Errors
			if !errors.As(err, &errs) || !strings.HasPrefix(err.Error(), "x.yml") {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		manifests.Topology(objects)
		for _, o := range objects {
			if o.Deployment == nil {
				continue
			}
			o.Deployment.PodName(func(int) int { return 0 })
			changed, err := o.SetEnv(map[string]string{"FUZZ": "1"})
			if err != nil {
				t.Fatal(err)
			}
			live, err := changed.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parse("live.yml", string(live)); err != nil {
				t.Errorf("%v in\n%s", err, live)
			}
		}
	})
}
