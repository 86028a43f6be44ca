package objects_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/objects"
)

// TestUnnamedPort is said at apply in 2018, as rules do not act there, and by analyze in both.
func TestUnnamedPort(t *testing.T) {
	t.Parallel()
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n" +
		"spec: {ports: [{name: api, port: 8080}], selector: {app: web}}\n"
	for edition, want := range map[objects.Edition]string{
		objects.Classic: "port 8080 is not named http, http-…, http2 or grpc, so it is TCP: " +
			"its calls pass, and no rule acts on them",
		objects.V1: "Port name api (port: 8080, targetPort: ) doesn't follow the naming convention " +
			"of Istio port.",
	} {
		before, err := objects.Set{}.In(edition)
		if err != nil {
			t.Fatal(err)
		}
		s, results, err := before.Change(objects.Apply, parse(t, service), time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Explain(before, results, s.Expected())[0].Warnings; !slices.Contains(got, want) {
			t.Errorf("%s: apply says %q", edition, got)
		}
		texts := func(list []objects.Finding) (texts []string) {
			for _, f := range list {
				texts = append(texts, f.Text)
			}
			return texts
		}
		files := []objects.File{{Name: "web.yml", Data: []byte(service)}}
		if got := texts(before.Analyze(files, namespace)); !slices.Contains(got, want) {
			t.Errorf("%s: analyze says %q", edition, got)
		}
	}
}

// TestInertKinds keeps what does nothing here, and says so, in the words for it; a kind that a known
// group does not have is refused.
func TestInertKinds(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		"autoscaling/v2 HorizontalPodAutoscaler":  "horizontalpodautoscaler.autoscaling",
		"policy/v1 PodDisruptionBudget":           "poddisruptionbudget.policy",
		"networking.k8s.io/v1 NetworkPolicy":      "networkpolicy.networking.k8s.io",
		"monitoring.coreos.com/v1 ServiceMonitor": "servicemonitor.monitoring.coreos.com",
		"v1 ConfigMap":                          "configmap",
		"v1 ConfigMaps":                         "",
		"apps/v1 Deploymnet":                    "",
		"networking.istio.io/v1 VirtualServise": "",
	} {
		version, kind, _ := strings.Cut(of, " ")
		text := "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: x}\n"
		file := objects.File{Name: "x.yml", Data: []byte(text)}
		list, err := objects.Parse([]objects.File{file}, namespace, false)
		if refused := err != nil; refused != (want == "") {
			t.Errorf("%s: %v", of, err)
		}
		if want == "" || err != nil {
			continue
		}
		s, results, err := objects.Set{}.Change(objects.Apply, list, time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		r := s.Explain(objects.Set{}, results, s.Expected())[0]
		said := slices.Contains(r.Warnings, "no effect in the lab: it does nothing with a "+kind)
		if r.Resource != want || r.Done != "created" || said == (kind == "ConfigMap") {
			t.Errorf("%s: %+v", of, r)
		}
		if s = change(t, s, objects.Delete, 2, text); len(s.All()) != 0 {
			t.Errorf("%s: left %+v", of, s.All())
		}
	}
}

// TestNamespaces are refused as Kubernetes does, in a file and as an argument.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../../x", strings.Repeat("n", 300), "größe", "A"} {
		for _, header := range []string{
			"apiVersion: v1\nkind: Service\n", "apiVersion: networking.istio.io/v1\nkind: Sidecar\n",
			"apiVersion: v1\nkind: ConfigMap\n",
		} {
			plain := header + "metadata: {name: x}\nspec: {}\n"
			inside := strings.Replace(plain, "{name: x}", `{name: x, namespace: "`+name+`"}`, 1)
			for text, from := range map[string]string{inside: namespace, plain: name} {
				_, err := objects.Parse([]objects.File{{Name: "x.yml", Data: []byte(text)}}, from, false)
				if err == nil || !strings.Contains(err.Error(), "namespace") {
					t.Errorf("%q in %q: %v", from, text, err)
				}
			}
		}
	}
}
