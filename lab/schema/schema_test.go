package schema_test

import (
	"strings"
	"testing"

	"istio-tutorial/lab/schema"
)

const root = "../.."

func write(t *testing.T, k schema.Kind, recursive bool, path ...string) (string, error) {
	t.Helper()
	s, err := schema.Find(t.Context(), root, k)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = s.Write(&b, path, recursive)
	return b.String(), err
}

// The words are Kubernetes', Istio's and the Gateway API's own.
func TestFields(t *testing.T) {
	t.Parallel()
	virtualService := schema.Kind{Group: "networking.istio.io", Kind: "VirtualService"}
	route := schema.Kind{Group: "gateway.networking.k8s.io", Kind: "HTTPRoute"}
	deployment := schema.Kind{Group: "apps", Kind: "Deployment"}
	for _, c := range []struct {
		kind schema.Kind
		path string
		want []string
	}{
		{virtualService, "", []string{"GROUP:      networking.istio.io\nKIND:       VirtualService\nVERSION:    v1\n", "  spec\t<Object>\n", "  metadata\t<Object>\n"}},
		{virtualService, "spec.http", []string{"FIELD: http <[]Object>\n", "  corsPolicy\t<Object>\n"}},
		{virtualService, "spec.http.retries.attempts", []string{"FIELD: attempts <integer>\n", "Number of retries to be allowed"}},
		{virtualService, "metadata.labels", []string{"FIELD: labels <map[string]string>\n"}},
		{route, "spec.rules.matches.path.type", []string{"FIELD: type <string>\n", "One of: Exact, PathPrefix, RegularExpression"}},
		{deployment, "spec.template.spec.containers.env.name", []string{"FIELD: name <string>\n", "Name of the environment variable."}},
		{deployment, "spec.strategy.rollingUpdate.maxSurge", []string{"FIELD: maxSurge <string>\n"}},
		{schema.Kind{Kind: "Service"}, "spec.ports", []string{"KIND:       Service\nVERSION:    v1\n", "  targetPort\t<string>\n"}},
	} {
		var path []string
		if c.path != "" {
			path = strings.Split(c.path, ".")
		}
		got, err := write(t, c.kind, false, path...)
		for _, want := range c.want {
			if err != nil || !strings.Contains(got, want) {
				t.Errorf("%s %s: no %q in %q, %v", c.kind.Kind, c.path, want, got, err)
			}
		}
	}
}

func TestRecursive(t *testing.T) {
	t.Parallel()
	got, err := write(t, schema.Kind{Group: "networking.istio.io", Kind: "DestinationRule"}, true)
	want := "\n  spec\t<Object>\n"
	if err != nil || !strings.Contains(got, want) || !strings.Contains(got, "\n        consecutive5xxErrors\t<integer>\n") {
		t.Errorf("%s, %v", got, err)
	}
}

func TestNoField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind schema.Kind
		path []string
		want string
	}{
		{schema.Kind{Kind: "Service"}, []string{"spek"}, `field "spek" does not exist; there is apiVersion, kind, metadata, spec, status`},
		{schema.Kind{Kind: "Service"}, []string{"kind", "x"}, `field "x" does not exist`},
		{schema.Kind{Kind: "Service", Version: "v2"}, nil, "Service has the version v1, not v2"},
		{schema.Kind{Group: "networking.istio.io", Kind: "Gateway", Version: "v2"}, nil, "Gateway has the versions v1, v1alpha3, v1beta1, not v2"},
		{schema.Kind{Kind: "RouteRule", Classic: true}, nil, "nothing is published"},
	} {
		if _, err := write(t, c.kind, false, c.path...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c, err, c.want)
		}
	}
}
