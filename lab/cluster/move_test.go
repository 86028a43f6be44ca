package cluster_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"istio-tutorial/lab/cluster"
)

const tutorial = "istio-tutorial"

func TestMove(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"namespace of an object", "metadata: {name: a, namespace: istio-tutorial}", "namespace: other"},
		{"none stays none", "metadata: {name: a}", "!namespace"},
		{"another one stays", "metadata: {name: a, namespace: istio-system}", "namespace: istio-system"},
		{"host", "spec: {host: recommendation.istio-tutorial.svc.cluster.local}", "host: recommendation.other.svc.cluster.local"},
		{"host of Envoy", "spec: {cluster: 'outbound|80||a.istio-tutorial.svc.cluster.local'}", "outbound|80||a.other.svc.cluster.local"},
		{"host in an expression", `spec: {match: 'x == "a.istio-tutorial.svc.cluster.local"'}`, "a.other.svc.cluster.local"},
		{"short host", "spec: {host: a.istio-tutorial}", "host: a.other"},
		{"address", "spec: {value: 'http://a.istio-tutorial:8080/'}", "http://a.other:8080/"},
		{"principal", "spec: {principals: [cluster.local/ns/istio-tutorial/sa/a]}", "- cluster.local/ns/other/sa/a"},
		{"namespaces of callers", "spec: {namespaces: [istio-tutorial]}", "- other"},
		{"hosts of a Sidecar", "spec: {hosts: [istio-tutorial/*, ./*]}", "- other/*"},
		{"reference", "spec: {parentRefs: [{name: a, namespace: istio-tutorial}]}", "namespace: other"},
		{"selector of namespaces", "spec: {matchLabels: {kubernetes.io/metadata.name: istio-tutorial}}", "kubernetes.io/metadata.name: other"},
		{"outside name stays", "spec: {host: customer.istio-tutorial.local}", "host: customer.istio-tutorial.local"},
		{"image stays", "spec: {image: 'istio-tutorial-customer:v1'}", "istio-tutorial-customer:v1"},
		{"label stays", "spec: {labels: {app: istio-tutorial}}", "app: istio-tutorial"},
		{"number stays", "spec: {large: 12345678901234567890}", "large: 12345678901234567890"},
		{"text that looks like a number stays", "spec: {value: '8080'}", `value: "8080"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "apiVersion: v1\nkind: Thing\n" + test.text
			if !strings.HasPrefix(test.text, "metadata") {
				text += "\nmetadata: {name: a}"
			}
			moved, err := cluster.Move("a.yml", []byte(text), tutorial, "other")
			if err != nil {
				t.Fatal(err)
			}
			want, absent := strings.CutPrefix(test.want, "!")
			if strings.Contains(string(moved), want) == absent {
				t.Errorf("want %q in:\n%s", test.want, moved)
			}
		})
	}
}

func TestMoveOfNamespace(t *testing.T) {
	text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: istio-tutorial, labels: {istio-injection: enabled}}"
	moved, err := cluster.Move("a.yml", []byte(text), tutorial, "other")
	if err != nil || !strings.Contains(string(moved), "name: other\n") {
		t.Errorf("%v:\n%s", err, moved)
	}
}

// TestMoveOfFiles holds that nothing of the tutorial's own files stays behind, and that all of it comes back.
func TestMoveOfFiles(t *testing.T) {
	files, err := filepath.Glob("../../istiofiles/*/*.yml")
	more, err2 := filepath.Glob("../../deploy/*/*.yml")
	if files = append(files, more...); err != nil || err2 != nil || len(files) < 60 {
		t.Fatalf("%d files: %v, %v", len(files), err, err2)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "kustomization.yml") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		there, err := cluster.Move(file, data, tutorial, "other")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(there)) {
			if strings.Contains(line, tutorial) && !strings.Contains(line, "image:") && !strings.Contains(line, tutorial+".local") {
				t.Errorf("%s: left behind: %s", file, line)
			}
		}
		same, err := cluster.Move(file, data, tutorial, tutorial)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := cluster.Move(file, there, "other", tutorial); err != nil || !bytes.Equal(back, same) {
			t.Errorf("%s: %v: it comes back as\n%s", file, err, back)
		}
	}
}

func TestMoveRefuses(t *testing.T) {
	_, err := cluster.Move("a.yml", []byte("kind: [\n"), tutorial, "other")
	if err == nil || !strings.HasPrefix(err.Error(), "a.yml:") {
		t.Errorf("error %v, want the file's name and line", err)
	}
}
