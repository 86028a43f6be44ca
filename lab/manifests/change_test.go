package manifests_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/manifests"
	"istio-tutorial/lab/mesh"
)

func TestPodName(t *testing.T) {
	t.Parallel()
	v1 := read(t, deploy+"/recommendation/Deployment.yml")[0].Deployment
	drawn := []int{0, 26, 1, 2, 3}
	name := v1.PodName(func(n int) int {
		if n != 27 {
			t.Errorf("drawn from %d characters, not 27", n)
		}
		next := drawn[0]
		drawn = drawn[1:]
		return next
	})
	form := `^recommendation-v1-[bcdfghjklmnpqrstvwxz2456789]{1,10}-b9cdf$`
	if !regexp.MustCompile(form).MatchString(name) {
		t.Error(name)
	}
	long := mustParse(t, strings.Replace(minimal, "name: web", "name: "+strings.Repeat("w", 60), 1))
	if name := long[0].Deployment.PodName(func(int) int { return 0 }); len(name) != 63 {
		t.Errorf("%s: %d characters", name, len(name))
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	hash := func(text string) string { return mustParse(t, text)[0].Deployment.Hash }
	for _, tt := range []struct {
		old, new string
		same     bool
	}{
		{"apiVersion", "# a comment\napiVersion", true},
		{"labels: {app: web, version: v1}", "labels: {version: v1, app: web}", true},
		{"spec:\n  selector", "spec:\n  replicas: 3\n  selector", true},
		{"web:1", "web:2", false},
		{"version: v1", "version: v2", false},
		{"        ports", "        resources: {limits: {memory: 1Mi}}\n        ports", false},
	} {
		changed := strings.Replace(minimal, tt.old, tt.new, 1)
		if same := hash(minimal) == hash(changed); same != tt.same {
			t.Errorf("%q: the same hash: %v", tt.new, same)
		}
	}
}

func TestSetEnv(t *testing.T) {
	t.Parallel()
	v2 := read(t, deploy+"/recommendation/Deployment-v2.yml")[0]
	slow, err := v2.SetEnv(map[string]string{"TIMEOUT": "3s", "DRAIN": "1s"}, "VERSION")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, slow.Deployment.Container.Env,
		[]mesh.EnvVar{{Name: "DRAIN", Value: "1s"}, {Name: "TIMEOUT", Value: "3s"}})
	if slow.Deployment.Hash == v2.Deployment.Hash {
		t.Error("the hash stays")
	}
	equal(t, v2.Deployment.Container.Env,
		[]mesh.EnvVar{{Name: "VERSION", Value: "v2"}, {Name: "DRAIN", Value: "5s"}})

	back, err := slow.SetEnv(map[string]string{"VERSION": "v2"}, "TIMEOUT")
	if err != nil {
		t.Fatal(err)
	}
	same, err := v2.SetEnv(map[string]string{"VERSION": "v2"})
	if err != nil {
		t.Fatal(err)
	}
	if same.Deployment.Hash != v2.Deployment.Hash || back.Deployment.Hash == v2.Deployment.Hash {
		t.Error("the hash does not follow the template")
	}
	_, err = v2.SetEnv(map[string]string{"A=B": ""})
	if err == nil || !strings.Contains(err.Error(), `env[2].name: "A=B"`) {
		t.Error(err)
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	v2 := read(t, deploy+"/recommendation/Deployment-v2.yml")[0]
	two, err := v2.Scale(2)
	if err != nil {
		t.Fatal(err)
	}
	if two.Deployment.Replicas != 2 || v2.Deployment.Replicas != 1 {
		t.Errorf("%d and %d replicas", two.Deployment.Replicas, v2.Deployment.Replicas)
	}
	if two.Deployment.Hash != v2.Deployment.Hash {
		t.Error("the pods change")
	}
	for _, count := range []int{-1, manifests.MaxReplicas + 1, 1 << 40, -1 << 40} {
		if _, err := v2.Scale(count); err == nil {
			t.Errorf("%d replicas accepted", count)
		}
	}
	if _, err := read(t, deploy+"/customer/Service.yml")[0].Scale(1); err == nil {
		t.Error("a Service was scaled")
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	v2 := read(t, deploy+"/recommendation/Deployment-v2.yml")[0]
	hashes := map[string]bool{v2.Deployment.Hash: true}
	for second := range int64(3) {
		again, err := v2.Restart(time.Unix(second, 0).UTC())
		if err != nil {
			t.Fatal(err)
		}
		hashes[again.Deployment.Hash] = true
		equal(t, again.Deployment.Workload, v2.Deployment.Workload)
		equal(t, again.Deployment.Container, v2.Deployment.Container)
		text, err := again.YAML()
		if want := fmt.Sprintf(`kubectl.kubernetes.io/restartedAt: "1970-01-01T00:00:0%dZ"`, second); err != nil ||
			!strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s%v", want, text, err)
		}
	}
	if len(hashes) != 4 {
		t.Errorf("%d different hashes", len(hashes))
	}
	if _, err := read(t, deploy+"/customer/Service.yml")[0].Restart(time.Now()); err == nil {
		t.Error("a Service was restarted")
	}
}

// TestYAML reads the live manifest back.
func TestYAML(t *testing.T) {
	t.Parallel()
	v2 := read(t, deploy+"/recommendation/Deployment-v2.yml")[0]
	live, err := v2.Scale(2)
	if err != nil {
		t.Fatal(err)
	}
	if live, err = live.SetEnv(map[string]string{"TIMEOUT": "3s"}); err != nil {
		t.Fatal(err)
	}
	text, err := live.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again := mustParse(t, string(text))[0]
	equal(t, again.Deployment.Workload, live.Deployment.Workload)
	equal(t, again.Deployment.Hash, live.Deployment.Hash)
	if text, err = v2.YAML(); err != nil || !strings.Contains(string(text), "# DRAIN, then") {
		t.Errorf("%v in\n%s", err, text)
	}
}
