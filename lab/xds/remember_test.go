package xds_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/rules"
	"istio-tutorial/lab/rules/classic"
	"istio-tutorial/lab/xds"
)

// TestBuilderRemembers builds one mesh after the other, and always what a new Builder would.
func TestBuilderRemembers(t *testing.T) {
	t.Parallel()
	cfg := xds.Config{Sockets: "/s", Ingress: "127.0.0.1:1", AccessLog: "/dev/stdout"}
	b := xds.NewBuilder(cfg)
	before := map[string]proto.Message{}
	kept := 0
	for _, m := range everyMesh(t) {
		got, err := b.Build(m)
		if err != nil {
			t.Fatal(err)
		}
		want, err := xds.NewBuilder(cfg).Build(m)
		if err != nil {
			t.Fatal(err)
		}
		parts, fresh := got.Parts(), want.Parts()
		if len(parts) != len(fresh) || !reflect.DeepEqual(got.Limits, want.Limits) {
			t.Fatalf("%d parts, want %d; limits %v, want %v", len(parts), len(fresh), got.Limits, want.Limits)
		}
		for name, part := range parts {
			if !proto.Equal(part, fresh[name]) {
				t.Errorf("%s: %v, want %v", name, part, fresh[name])
			}
			if part == before[name] {
				kept++
			}
		}
		before = parts
	}
	if kept < 1000 {
		t.Errorf("only %d parts were those built before", kept)
	}
}

// everyMesh is what each rule file of 2018 and of today makes, without rules between them, and
// with an instance less at the end.
func everyMesh(t *testing.T) []mesh.Mesh {
	t.Helper()
	plain := classic.Resolve(rules.Set{}, tutorial())
	var list []mesh.Mesh
	for pattern, resolve := range map[string]func(*testing.T, []string) mesh.Mesh{
		"*.yml": classicMesh, "v1/*.yml": todaysMesh, "gateway-api/*.yml": todaysMesh,
	} {
		files, err := filepath.Glob(filepath.Join("../../istiofiles", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			name, err := filepath.Rel("../../istiofiles", file)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, resolve(t, []string{name}), plain)
		}
	}
	fewer := tutorial()
	fewer.Instances = fewer.Instances[1:]
	return append(list, classic.Resolve(rules.Set{}, fewer))
}

// TestBuilderRepeatsErrors says what is wrong with a mesh as often as it is to be built.
func TestBuilderRepeatsErrors(t *testing.T) {
	t.Parallel()
	m := classic.Resolve(rules.Set{}, tutorial())
	m.External = []mesh.ExternalHost{{Host: "*.example", Port: 80}}
	m.Sidecars[0].Outbound.AddCluster(mesh.Cluster{Host: "*.example", Port: 80}, mesh.Defaults)
	b := xds.NewBuilder(xds.Config{Sockets: "/s"})
	for range 2 {
		if _, err := b.Build(m); err == nil {
			t.Error("no error")
		}
	}
}
