package objects_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

// TestUnsupported analyzes valid files that the lab does not do: they are no errors, and nothing
// follows from their refusal.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [example.com]
  resolution: DNS
  endpoints: [{address: 1.2.3.4, serviceAccount: a}]
  ports: [{number: 80, name: http, protocol: HTTP}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: outside}
spec:
  host: example.com
  trafficPolicy: {loadBalancer: {simple: RANDOM}, tls: {mode: SIMPLE, caCrl: a}}
  subsets: [{name: one}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: outside}
spec:
  hosts: [example.com]
  http: [{route: [{destination: {host: example.com, subset: one}}]}]
`
	many := make([]string, 251)
	for i := range many {
		many[i] = fmt.Sprintf("h%d.example.com", i)
	}
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"fields": {entry, []string{
			"7 Unsupported  spec.endpoints[0].serviceAccount: the lab does not do this; a cluster does",
			"15 Unsupported  spec.trafficPolicy.tls.caCrl: the lab does not do this; a cluster does",
		}},
		"an error too": {
			strings.Replace(entry, "resolution: DNS", "resolution: DNSS", 1)[:strings.Index(entry, "---")],
			[]string{
				"6 Error IST0106 Schema validation error: spec.resolution: want one of NONE, STATIC, DNS, " +
					"DNS_ROUND_ROBIN, DYNAMIC_DNS, not the string \"DNSS\"",
				"7 Unsupported  spec.endpoints[0].serviceAccount: the lab does not do this; a cluster does",
			},
		},
		"many hosts": {
			strings.Replace(entry[:strings.Index(entry, "  endpoints")], "example.com", strings.Join(many, ","), 1) +
				"  ports: [{number: 80, name: a, protocol: HTTP}, {number: 81, name: b, protocol: HTTP}, " +
				"{number: 82, name: c, protocol: HTTP}, {number: 83, name: d, protocol: HTTP}]\n",
			[]string{"5 Unsupported  spec.hosts: with all rules more than 1000 ports of hosts outside: " +
				"the lab does not do this; a cluster does"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := offline.Lab{
				Manifests: tutorial(t), Namespace: "istio-tutorial",
				Files: []objects.File{{Name: "f", Data: []byte(c.file)}},
			}.Analyze()
			var got []string
			for _, f := range found {
				got = append(got, fmt.Sprintf("%d %s %s %s", f.Line, f.Level, f.Code, f.Text))
			}
			if err != nil || strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("error %v, found\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			list, err := objects.Parse([]objects.File{{Name: "f", Data: []byte(c.file)}}, "istio-tutorial", false)
			if err == nil {
				_, _, err = objects.Set{}.Change(objects.Create, list, time.Time{})
			}
			if err == nil || !strings.Contains(err.Error(), "not supported by the lab") {
				t.Errorf("create: error %v", err)
			}
		})
	}
}

// TestForgedName refuses a name that would forge lines of output.
func TestForgedName(t *testing.T) {
	t.Parallel()
	const file = "apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\n" +
		"metadata: {name: \"\\e[31mred\\nCreated\"}\nspec: {destination: {name: recommendation}}\n"
	_, err := objects.Parse([]objects.File{{Name: "f", Data: []byte(file)}}, "istio-tutorial", false)
	if err == nil || !strings.HasPrefix(err.Error(), "f:3: metadata.name: ") || strings.ContainsAny(err.Error(), "\x1b\n") {
		t.Errorf("error %q", err)
	}
}
