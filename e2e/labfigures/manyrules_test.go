package labfigures

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkManyRules changes a rule of two labs in turns, of which one has 199 rules beside it: for one
// host in the edition of 2018, and each for a host of its own in today's.
func BenchmarkManyRules(b *testing.B) {
	for _, edition := range []string{"classic", "v1"} {
		b.Run(edition, func(b *testing.B) {
			few, many := start(b, "--edition", edition), start(b, "--edition", edition)
			folder := b.TempDir()
			many.run("create", "-f", write(b, folder, "others.yml", others(edition)))
			files := []string{
				write(b, folder, "even.yml", changed(edition, 10)), write(b, folder, "odd.yml", changed(edition, 20)),
			}
			var alone, beside []time.Duration
			for i := range 100 {
				for _, l := range []*lab{few, many} {
					begin := time.Now()
					l.run("apply", "-f", files[i%2])
					took := time.Since(begin)
					if l == few {
						alone = append(alone, took)
					} else {
						beside = append(beside, took)
					}
				}
			}
			report(b, middle(beside).Seconds()/middle(alone).Seconds(), "of-a-change-among-one", 2)
		})
	}
}

func write(b *testing.B, folder, name, text string) string {
	b.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// changed is the rule that changes; its share makes it another.
func changed(edition string, share int) string {
	if edition == "classic" {
		return fmt.Sprintf(`apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: changed, namespace: istio-tutorial}
spec:
  destination: {name: recommendation}
  precedence: 1
  route: [{labels: {version: v1}, weight: %d}, {labels: {version: v2}, weight: %d}]
`, share, 100-share)
	}
	return fmt.Sprintf(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: changed, namespace: istio-tutorial}
spec:
  hosts: [recommendation]
  http:
  - route:
    - {destination: {host: recommendation}, weight: %d}
    - {destination: {host: preference}, weight: %d}
`, share, 100-share)
}

// others are 199 rules.
func others(edition string) string {
	one := `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: other-%d, namespace: istio-tutorial}
spec:
  destination: {name: recommendation}
  precedence: 2
  match: {request: {headers: {user-agent: {exact: agent-%d}}}}
  route: [{labels: {version: v2}}]
`
	if edition != "classic" {
		one = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other-%d, namespace: istio-tutorial}
spec:
  hosts: [host-%d.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
`
	}
	var text strings.Builder
	for i := range 199 {
		fmt.Fprintf(&text, one+"---\n", i, i)
	}
	return text.String()
}
