package objects_test

import (
	"slices"
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
