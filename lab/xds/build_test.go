package xds_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/labtest"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/xds"
	"istio-tutorial/lab/xds/stream"
)

// TestBuildAgain builds the same bytes from the same mesh: Envoy takes any other for a change.
func TestBuildAgain(t *testing.T) {
	t.Parallel()
	m := classic.Resolve(rules.Set{}, tutorial())
	bytes := func() map[string]string {
		s, err := xds.NewBuilder(xds.Config{Sockets: "/s", Ingress: "127.0.0.1:1", AccessLog: "/dev/stdout"}).Build(m)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for name, part := range s.Parts() {
			text, err := proto.MarshalOptions{Deterministic: true}.Marshal(part)
			if err != nil {
				t.Fatal(err)
			}
			parts[name] = string(text)
		}
		return parts
	}
	first := bytes()
	for range 20 {
		if again := bytes(); !reflect.DeepEqual(first, again) {
			t.Fatal("not the same")
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*mesh.Mesh, *xds.Config){
		"missing port in address": func(m *mesh.Mesh, _ *xds.Config) { m.Instances[0].Proxy = "localhost" },
		"value out of range":      func(m *mesh.Mesh, _ *xds.Config) { m.Instances[0].Proxy = "localhost:70000" },
		"too long for a unix socket": func(_ *mesh.Mesh, c *xds.Config) {
			c.Sockets = "/" + strings.Repeat("x", 100)
		},
		"invalid UTF-8": func(m *mesh.Mesh, _ *xds.Config) {
			m.Sidecars[0].Outbound.Hosts[0].Routes[0].Destinations[0].Faults = []mesh.Fault{{
				When:  []mesh.Condition{{Attribute: mesh.Header, Header: "a", Value: "\xff"}},
				Abort: &mesh.Abort{Percent: 1, Status: 500},
			}}
		},
		"rate limit test: answers with 503": func(m *mesh.Mesh, _ *xds.Config) {
			m.Sidecars[0].Inbound.Limits = []mesh.RateLimit{{
				From: "test", Callers: mesh.Callers{Others: true}, Answer: mesh.Response{Status: 503},
				Bucket: "one",
			}}
		},
		"rate limit test: of each instance: it can answer an error with local_rate_limited only": func(
			m *mesh.Mesh, _ *xds.Config,
		) {
			m.Sidecars[0].Inbound.Limits = []mesh.RateLimit{{
				From: "test", Callers: mesh.Callers{Others: true}, Answer: mesh.Response{Status: 429},
			}}
		},
		"rate limit test: of each instance: it is for all callers": func(m *mesh.Mesh, _ *xds.Config) {
			m.Sidecars[0].Inbound.Limits = []mesh.RateLimit{{From: "test"}}
		},
		"external host *.example: the lab finds hosts": func(m *mesh.Mesh, _ *xds.Config) {
			m.External = append(m.External, mesh.ExternalHost{Host: "*.example", Port: 80})
			m.Sidecars[0].Outbound.AddCluster(mesh.Cluster{Host: "*.example", Port: 80}, mesh.Defaults)
		},
	} {
		m := classic.Resolve(rules.Set{}, tutorial())
		m.Instances = slices.Clone(m.Instances)
		c := xds.Config{Sockets: "/s"}
		change(&m, &c)
		if _, err := xds.NewBuilder(c).Build(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestSuccessRate leaves Envoy's second way to eject on only where the policy says so.
func TestSuccessRate(t *testing.T) {
	t.Parallel()
	for _, bySuccessRate := range []bool{true, false} {
		m := classic.Resolve(rules.Set{}, tutorial())
		eachCluster(m, func(p *mesh.Policy) { p.Outlier = &mesh.Outlier{BySuccessRate: bySuccessRate} })
		s, err := xds.NewBuilder(xds.Config{Sockets: "/s"}).Build(m)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for name, part := range s.Parts() {
			if c, ok := part.(*clusterv3.Cluster); ok && c.OutlierDetection != nil {
				found = true
				got := c.OutlierDetection.EnforcingSuccessRate
				if (got == nil) != bySuccessRate || got.GetValue() != 0 {
					t.Errorf("%s: by success rate %v: enforced %v", name, bySuccessRate, got)
				}
			}
		}
		if !found {
			t.Error("no cluster ejects")
		}
	}
}

// TestMaxPercent ejects one of two where one may always go, and none where 10 % is less than one.
func TestMaxPercent(t *testing.T) {
	t.Parallel()
	for always, want := range map[bool]int{true: 1, false: 0} {
		t.Run(fmt.Sprint(always), func(t *testing.T) {
			t.Parallel()
			w, preference, _, _ := chain(t)
			w.pod("recommendation-v2", faulty)
			m := ejecting(t, w)
			eachCluster(m, func(p *mesh.Policy) {
				if p.Outlier != nil {
					*p.Outlier.MaxPercent, p.Outlier.AlwaysOne = 10, always
					*p.Outlier.BaseEjection = time.Hour
				}
			})
			w.mustPush(m)
			cluster := `cluster\.outbound\|8080\|version=v2.*@` + w.ns + `/preference.*;\.outlier_detection\.ejections_`
			w.several(2, preference, recommendation)
			labtest.Until(t, func() error {
				if n := w.proxy.stat(t, cluster+"detected_consecutive_5xx$"); n == 0 {
					return fmt.Errorf("nothing is detected")
				}
				return nil
			})
			if n := w.proxy.stat(t, cluster+"active$"); n != want {
				t.Errorf("%d ejected, want %d", n, want)
			}
		})
	}
}

// TestOwnerAlone holds that nobody else can call a pod, or configure Envoy.
func TestOwnerAlone(t *testing.T) {
	t.Parallel()
	w, _, _, _ := chain(t)
	w.apply()
	sockets := 0
	err := filepath.WalkDir(w.proxy.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSocket == 0 {
			return err
		}
		sockets++
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		return err
	})
	if err != nil || sockets < 5 {
		t.Errorf("%d sockets, %v", sockets, err)
	}
	if _, err := stream.Listen(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("a server in a folder that is not there")
	}
	file := filepath.Join(t.TempDir(), "stale")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := stream.Listen(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}
