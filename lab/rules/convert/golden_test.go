package convert_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/objects"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	repository = "../../.."
	namespace  = "istio-tutorial"
	refused    = "IST0106" // analyze's code
)

// together are files of istiofiles/ that act with each other only.
func together() [][]string {
	const versions = "route-rule-recommendation-v1_and_v2_50_50"
	return [][]string{
		{"recommendation_cb_policy_version_v2", versions},
		{"recommendation_cb_policy_pool_ejection", versions},
		{"recommendation_lb_policy_app", "recommendation_cb_policy_version_v2", versions},
		{"rate_limit_rule", "recommendation_rate_limit_handler", "recommendation_rate_limit_quota_spec"},
		{"acl-blacklist", "acl-whitelist"},
		{"route-rule-safari-recommendation-v2", "route-rule-recommendation-v1"},
		{"egress_github", "egress_httpbin"},
	}
}

// TestGolden holds the text of every file of istiofiles/, in both editions, to that of testdata:
// its fields, their order and the comments, or the reasons why it cannot be said.
func TestGolden(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(repository + "/istiofiles/*.yml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	pods, sets := tutorial(t), together()
	for _, path := range paths {
		sets = append(sets, []string{strings.TrimSuffix(filepath.Base(path), ".yml")})
	}
	for _, to := range []objects.Edition{objects.V1, objects.GatewayAPI} {
		for _, names := range sets {
			golden := filepath.Join("testdata", string(to), strings.Join(names, "+"))
			t.Run(golden, func(t *testing.T) {
				t.Parallel()
				var files []objects.File
				for _, name := range names {
					files = append(files, read(t, filepath.Join("istiofiles", name+".yml")))
				}
				said, err := converted(t, pods, to, files...)
				if err != nil {
					compare(t, golden+".error", []byte(err.Error()+"\n"))
					return
				}
				compare(t, golden+".yml", said)
			})
		}
	}
}

func compare(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != string(got) {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

// read is a file by its path in the repository.
func read(t *testing.T, path string) objects.File {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	return objects.File{Name: path, Data: data}
}

// tutorial is what deploy/ has, version 2 of recommendation with it.
func tutorial(t *testing.T) objects.Set {
	t.Helper()
	deploy := filepath.Join(repository, "deploy")
	paths, err := manifests.Kustomization(deploy)
	if err != nil {
		t.Fatal(err)
	}
	var files []objects.File
	for _, path := range append(paths, filepath.Join(deploy, "recommendation", "Deployment-v2.yml")) {
		relative, err := filepath.Rel(repository, path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, read(t, relative))
	}
	return with(t, objects.Set{}, files...)
}

func with(t *testing.T, set objects.Set, files ...objects.File) objects.Set {
	t.Helper()
	list, err := objects.Parse(files, namespace, false)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err = set.Change(objects.Apply, list, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// converted is what the rules of the files are in an edition, among the pods of a set. What is said
// must be clean: nothing of it may be refused, here or by a cluster. It may lead nowhere where analyze
// said so of the files.
func converted(
	t *testing.T, set objects.Set, to objects.Edition, files ...objects.File,
) ([]byte, error) {
	t.Helper()
	said, err := with(t, set, files...).Convert(to)
	if err != nil {
		return nil, err
	}
	findings := set.Analyze([]objects.File{{Name: "converted.yml", Data: said}}, namespace)
	isWrong := len(set.Analyze(files, namespace)) > 0
	if slices.ContainsFunc(findings, func(f objects.Finding) bool {
		return f.Code == refused || f.Unreadable() || f.Level == objects.Unsupported ||
			f.Level == objects.Fatal && !isWrong
	}) {
		t.Errorf("analyze of\n%s\nsays %v", said, findings)
	}
	return said, nil
}
