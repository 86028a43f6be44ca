package cluster

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering is an istiod with fixed answers, by path.
func answering(t *testing.T, answers map[string]string) *istiod {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, answers[strings.TrimPrefix(r.URL.Path, "/debug/")]) // the test sees what is missing
	}))
	t.Cleanup(server.Close)
	return &istiod{name: "istiod-x", forward: &Forward{Address: strings.TrimPrefix(server.URL, "http://")}}
}

// TestProxies has those of the namespaces that are asked for, and of all where none is named: a rule in Istio's own
// namespace is for all.
func TestProxies(t *testing.T) {
	t.Parallel()
	i := answering(t, map[string]string{"syncz": `[{"proxy": "a-1.b.ours"}, {"proxy": "c-1.theirs"}, {"proxy": "way-1.istio-system"}]`})
	for _, c := range []struct {
		among []string
		want  string
	}{
		{[]string{"ours"}, "a-1.b/ours"}, {[]string{"b.ours"}, ""},
		{[]string{"ours", "istio-system"}, "a-1.b/ours way-1/istio-system"}, {nil, "a-1.b/ours c-1/theirs way-1/istio-system"},
	} {
		list, err := i.proxies(t.Context(), c.among)
		var got []string
		for _, p := range list {
			got = append(got, p.name+"/"+p.namespace)
		}
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%v: %v, %v; want %s", c.among, got, err, c.want)
		}
	}
}

// TestServices has the cluster's Services among what istiod has read, and no hosts of other registries.
func TestServices(t *testing.T) {
	t.Parallel()
	i := answering(t, map[string]string{"configz": "[]", "registryz": `[
		{"Attributes": {"ServiceRegistry": "Kubernetes", "Name": "customer", "Namespace": "ours"}, "ResourceVersion": "842"},
		{"Attributes": {"ServiceRegistry": "External", "Name": "httpbin.org", "Namespace": "ours"}, "ResourceVersion": "7"}]`})
	store, err := i.store(t.Context())
	key := Change{Resource: "service", Name: "customer"}.key("ours")
	if len(store) != 1 || store[key].version != "842" || err != nil {
		t.Errorf("%v, %v", store, err)
	}
	s := settling{before: before{store: store}, namespace: "ours"}
	change, now := Change{Resource: "service", Name: "customer"}, map[string]stored{key: {version: "843"}}
	for version, want := range map[string]bool{"842": false, "843": true} {
		isRead, moves := s.compare(change, map[string]stored{key: {version: version}}, now)
		if isRead != want || want && !moves {
			t.Errorf("version %s: %t, %t", version, isRead, moves)
		}
	}
}
