package v1_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/rules/convert"
	"istio-tutorial/lab/rules/gatewayapi"
	v1 "istio-tutorial/lab/rules/v1"
)

// TestConvertedIsTheTwin holds that the converted file and the one written by hand are one.
func TestConvertedIsTheTwin(t *testing.T) {
	t.Parallel()
	table := twins()
	files, err := filepath.Glob(istiofiles + "/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		pair, ok := table[name]
		if !ok {
			continue // withoutTwin
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			converted, text := convertedMesh(t, classicSet(t, append(pair.classic, name)))
			byHand := todaysMesh(t, append(pair.today, name))
			for _, d := range append(everywhere(), append(pair.differences, allVersions()...)...) {
				d.erase(&converted)
				d.erase(&byHand)
			}
			if got, want := settled(converted), settled(byHand); !reflect.DeepEqual(got, want) {
				t.Errorf("converted\n%s\n%s\nby hand\n%s", text, canonical(t, got), canonical(t, want))
			}
		})
	}
}

func classicSet(t *testing.T, names []string) rules.Set {
	t.Helper()
	var set rules.Set
	for _, name := range names {
		loaded, err := classic.Parse(file(t, istiofiles+"/"+name), namespace)
		if err != nil {
			t.Fatal(err)
		}
		set = set.Apply(loaded...)
	}
	return set
}

func convertedMesh(t *testing.T, set rules.Set) (mesh.Mesh, string) {
	t.Helper()
	text, err := convert.V1(set, topology())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := parse(string(text), "default")
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v1.Resolve(rules.Set{}.Apply(loaded...), topology()), string(text)
}

// TestConvertedToGatewayAPI holds the same for HTTPRoutes, where a file by hand exists.
func TestConvertedToGatewayAPI(t *testing.T) {
	t.Parallel()
	table := twins()
	files, err := filepath.Glob(istiofiles + "/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	said := 0
	for _, path := range files {
		name := filepath.Base(path)
		text, err := convert.GatewayAPI(classicSet(t, append(table[name].classic, name)), topology())
		byHand := istiofiles + "/gateway-api/" + name
		if _, missing := os.Stat(byHand); (err == nil) != (missing == nil) {
			t.Errorf("%s: converted %v, by hand %v", name, err, missing)
		}
		if err != nil {
			continue
		}
		said++
		docs, err := document.Parse(name, strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		want, got := gatewayMesh(t, file(t, byHand)), gatewayMesh(t, docs)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n%s\nconverted\n%s\nby hand\n%s", name, text, canonical(t, got), canonical(t, want))
		}
	}
	if said != 12 {
		t.Errorf("%d files could be said", said)
	}
}

func gatewayMesh(t *testing.T, docs []document.Document) mesh.Mesh {
	t.Helper()
	set, top := gatewayObjects(t, docs)
	m := gatewayapi.Resolve(set, top)
	for _, d := range append(versionServices(), allVersions()...) {
		d.erase(&m)
	}
	return settled(m)
}

// randomRules is a few rules for recommendation and preference, with what RouteRules and policies
// can say and, where only HTTPRoutes are to come of it, nothing that they never can.
func randomRules(r *rand.Rand, forRoutes bool) string {
	never := regexp.MustCompile("source|Fault|prefix|authority|rewrite|cors")
	pick := func(list ...string) string {
		for {
			if text := list[r.IntN(len(list))]; !forRoutes || !never.MatchString(text) {
				return text
			}
		}
	}
	var b strings.Builder
	for i := range 1 + r.IntN(4) {
		fmt.Fprintf(&b, "---\napiVersion: config.istio.io/v1alpha2\nkind: RouteRule\n"+
			"metadata: {name: r%d}\nspec:\n  destination: {name: %s}\n"+
			"  precedence: %d\n%s%s%s%s%s", i,
			pick("recommendation", "recommendation", "recommendation", "preference"), r.IntN(4),
			pick("", "", "  match: {request: {headers: {user-agent: {regex: .*Safari.*}}}}\n",
				"  match: {request: {headers: {uri: {prefix: /a}, x: {exact: b}}}}\n",
				"  match: {request: {headers: {uri: {exact: /a}, method: {exact: POST}}}}\n",
				"  match: {request: {headers: {x: {prefix: b}, authority: {exact: c}}}}\n",
				"  match: {request: {headers: {x: {exact: b}, y: {regex: c+}}}}\n",
				"  match: {source: {name: preference}}\n",
				"  match: {source: {name: customer}, request: {headers: {x: {exact: b}}}}\n",
				"  match: {source: {name: recommendation, labels: {version: v2}}}\n"),
			pick("", "  route: [{labels: {version: v1}}]\n", "  route: [{labels: {version: v2}}]\n",
				"  route: [{labels: {version: v1}, weight: 75}, {labels: {version: v2}, weight: 25}]\n",
				"  route: [{labels: {version: v2}, weight: 100}, {labels: {app: recommendation}, weight: 0}]\n",
				"  route: [{destination: {name: customer}, labels: {version: v1}}]\n",
				"  route: [{destination: {name: recommendation}, labels: {app: recommendation, version: v2}}]\n"),
			pick("", "", "  httpReqTimeout: {simpleTimeout: {timeout: 1s}}\n",
				"  httpReqRetries: {simpleRetry: {attempts: 3, perTryTimeout: 2s}}\n",
				"  httpReqTimeout: {simpleTimeout: {timeout: 90s}}\n"+
					"  httpReqRetries: {simpleRetry: {attempts: 1, perTryTimeout: 1s}}\n",
				"  httpReqRetries: {simpleRetry: {attempts: 0, perTryTimeout: 1s}}\n"),
			pick("", "", "", "  httpFault: {abort: {percent: 50, httpStatus: 503}}\n",
				"  httpFault: {delay: {percent: 10, fixedDelay: 7s}}\n",
				"  httpFault: {abort: {percent: 1, httpStatus: 418}, delay: {percent: 100, fixedDelay: 1m}}\n",
				"  mirror: {name: recommendation, labels: {version: v2}}\n",
				"  mirror: {name: customer}\n"),
			pick("", "", "", "  appendHeaders: {a: b, c: d}\n", "  rewrite: {uri: /b}\n",
				"  rewrite: {authority: b.test}\n", "  corsPolicy: {allowOrigin: [http://a.test], maxAge: 1h}\n"))
	}
	for i := range r.IntN(3) {
		if forRoutes {
			break
		}
		fmt.Fprintf(&b, "---\napiVersion: config.istio.io/v1alpha2\nkind: DestinationPolicy\n"+
			"metadata: {name: p%d}\nspec:\n  destination: {name: recommendation%s}\n%s%s", i,
			pick("", ", labels: {version: v1}", ", labels: {version: v2}"),
			pick("", "  source: {name: preference}\n", "  source: {name: customer}\n"),
			pick("  loadBalancing: {name: RANDOM}\n", "  loadBalancing: {name: LEAST_CONN}\n",
				"  circuitBreaker: {simpleCb: {maxConnections: 1, httpConsecutiveErrors: 2, "+
					"sleepWindow: 2s, httpDetectionInterval: 1s}}\n"))
	}
	return b.String()
}

// converters are what a set of rules is held to mean the same after.
func converters() map[string]func(*testing.T, rules.Set) (mesh.Mesh, string, error) {
	return map[string]func(*testing.T, rules.Set) (mesh.Mesh, string, error){
		"v1": func(t *testing.T, set rules.Set) (mesh.Mesh, string, error) {
			if _, err := convert.V1(set, topology()); err != nil {
				return mesh.Mesh{}, "", err
			}
			m, text := convertedMesh(t, set)
			return m, text, nil
		},
		"gateway-api": func(t *testing.T, set rules.Set) (mesh.Mesh, string, error) {
			text, err := convert.GatewayAPI(set, topology())
			if err != nil {
				return mesh.Mesh{}, "", err
			}
			loaded, top := gatewayObjects(t, documents(t, string(text)))
			return gatewayapi.Resolve(loaded, top), string(text), nil
		},
	}
}

// TestConvertedMeansTheSame holds for rules that nobody wrote.
func TestConvertedMeansTheSame(t *testing.T) {
	t.Parallel()
	for name, to := range converters() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const tries = 150
			said := 0
			for seed := range uint64(tries) {
				text := randomRules(rand.New(rand.NewPCG(seed, 1)), name == "gateway-api")
				loaded, err := classic.Parse(documents(t, text), namespace)
				if err != nil {
					t.Fatalf("%v in\n%s", err, text)
				}
				set := rules.Set{}.Apply(loaded...)
				after, converted, err := to(t, set)
				if err != nil {
					continue
				}
				said++
				before := classic.Resolve(set, topology())
				// A match of everything ends the list today as then; weights of 0 are left out.
				alike := append(everywhere(), twins()["route-rule-recommendation-v1-mirror-v2.yml"].differences...)
				if alike = append(alike, single(), unordered()); name == "gateway-api" {
					alike = append(append(versionServices(), alike...), everyPods())
				}
				alike = append(alike, unused())
				for _, d := range alike {
					d.erase(&before)
					d.erase(&after)
				}
				if !reflect.DeepEqual(settled(before), settled(after)) {
					t.Fatalf("seed %d\n%s\nconverted\n%s\n2018\n%s\ntoday\n%s", seed, text, converted,
						canonical(t, before), canonical(t, after))
				}
			}
			t.Logf("%d of %d could be said", said, tries)
			if said < tries/2 {
				t.Errorf("only %d of %d could be said", said, tries)
			}
		})
	}
}

func single() difference {
	return difference{"the weight of a single destination says nothing", routes(func(r *mesh.Route) {
		if len(r.Destinations) == 1 {
			r.Destinations[0].Weight = 100
		}
	})}
}

// everyPods leaves out a label that all pods have.
func everyPods() difference {
	return difference{"the label app is every pod's", func(m *mesh.Mesh) {
		clusters(func(c *mesh.Cluster) {
			if len(c.Labels) > 1 {
				c.Labels = mesh.Labels{"version": c.Labels["version"]}
			} else if c.Labels["app"] != "" {
				c.Labels = nil
			}
		})(m)
		outbounds(func(out *mesh.Outbound) {
			list := out.Clusters
			out.Clusters = nil
			for _, u := range list {
				out.AddCluster(u.Cluster, func() mesh.Policy { return u.Policy })
			}
		})(m)
	}}
}

func unordered() difference {
	return difference{"all conditions must hold, in whatever order", routes(func(r *mesh.Route) {
		slices.SortFunc(r.Match, func(a, b mesh.Condition) int {
			return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
		})
	})}
}

func unused() difference {
	return difference{"a cluster that only a weight of 0 names", outbounds(func(out *mesh.Outbound) {
		out.Clusters = slices.DeleteFunc(out.Clusters, func(u mesh.Upstream) bool {
			return !names(out, u.Cluster)
		})
	})}
}
