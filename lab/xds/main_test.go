package xds_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/identity"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/supervise"
	"istio-tutorial/lab/xds"
	"istio-tutorial/lab/xds/stream"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if p, err := shared(); err == nil {
		if err := p.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "after all tests:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// shared is the Envoy of all tests that leave it as it is.
var shared = sync.OnceValues(startProxy)

// proxy is a running Envoy and the server that configures it, for several worlds.
type proxy struct {
	dir       string
	ingress   string
	server    *stream.Server
	authority *identity.Authority
	admin     *envoy.Admin
	process   *supervise.Process

	mu     sync.Mutex
	worlds map[string]mesh.Mesh // by namespace

	// Parts of its Config that a test may set before the first push.
	outside             func(mesh.ExternalHost) string
	authorities, zipkin string
	secure              string
	builder             *xds.Builder // as in a lab, one for all pushes
}

func startProxy() (*proxy, error) {
	program, err := envoy.Search{Getenv: os.Getenv, Root: "../.."}.Find(context.Background())
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "xds")
	if err != nil {
		return nil, err
	}
	settings := envoy.Settings{
		Node: "test", Admin: filepath.Join(dir, "admin"), XDS: filepath.Join(dir, "xds"),
	}
	server, err := stream.Listen(settings.XDS)
	if err != nil {
		return nil, err
	}
	bootstrap, err := settings.Bootstrap()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return nil, err
	}
	process, err := supervise.Start(supervise.Config{
		Name: "envoy", Path: program.Path, Args: settings.Args(file), Stdout: os.Stderr,
	})
	if err != nil {
		return nil, err
	}
	authority, err := identity.NewAuthority(0, time.Now)
	if err != nil {
		return nil, err
	}
	return &proxy{
		authority: authority, dir: dir, ingress: freeAddress(), server: server, admin: envoy.NewAdmin(settings.Admin),
		process: process, worlds: map[string]mesh.Mesh{}, authorities: filepath.Join(dir, "authorities"),
	}, nil
}

func (p *proxy) stop() error {
	if err := p.process.Stop(context.Background()); err != nil {
		return err
	}
	if err := p.server.Close(); err != nil {
		return err
	}
	return os.RemoveAll(p.dir)
}

// push puts a world, in the place of an earlier one of its namespace, beside the others. What its
// test changes from then on is not seen by the pushes of others.
func (p *proxy) push(ctx context.Context, namespace string, world mesh.Mesh) error {
	world.Instances, world.Services = slices.Clone(world.Instances), slices.Clone(world.Services)
	p.mu.Lock()
	defer p.mu.Unlock()
	before, had := p.worlds[namespace]
	world.Instances = slices.Clone(world.Instances) // its test goes on with its own
	p.worlds[namespace] = world
	if p.builder == nil {
		p.builder = xds.NewBuilder(p.config())
	}
	snapshot, err := p.builder.Build(p.together())
	if err == nil {
		err = p.server.Push(ctx, snapshot)
	}
	if err != nil {
		delete(p.worlds, namespace)
		if had {
			p.worlds[namespace] = before
		}
	}
	return err
}

func (p *proxy) config() xds.Config {
	return xds.Config{
		Sockets: p.dir, Ingress: p.ingress, AccessLog: filepath.Join(p.dir, "access"),
		Outside: p.outside, Authorities: p.authorities, Zipkin: p.zipkin, Secure: p.secure,
		Identify: p.authority.Secret,
	}
}

// ownProxy is an Envoy for one test.
func ownProxy(t *testing.T) *proxy {
	t.Helper()
	p, err := startProxy()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// stat is the sum of the statistics whose names match.
func (p *proxy) stat(t *testing.T, pattern string) int {
	t.Helper()
	stats, err := p.admin.Stats(t.Context(), pattern)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, s := range stats {
		n, err := strconv.Atoi(s.Value)
		if err != nil {
			t.Fatalf("%s is %s", s.Name, s.Value)
		}
		sum += n
	}
	return sum
}

func (p *proxy) together() mesh.Mesh {
	var all mesh.Mesh
	for _, namespace := range slices.Sorted(maps.Keys(p.worlds)) {
		w := p.worlds[namespace]
		all.Workloads = append(all.Workloads, w.Workloads...)
		all.Instances = append(all.Instances, w.Instances...)
		all.Services = append(all.Services, w.Services...)
		all.External = append(all.External, w.External...)
		all.Sidecars = append(all.Sidecars, w.Sidecars...)
		all.Secrets = append(all.Secrets, w.Secrets...)
		all.Gateway.Secure = append(all.Gateway.Secure, w.Gateway.Secure...)
		all.Gateway.Hosts = append(all.Gateway.Hosts, w.Gateway.Hosts...)
		all.Gateway.Clusters = append(all.Gateway.Clusters, w.Gateway.Clusters...)
		all.Gateway.Limits = append(all.Gateway.Limits, w.Gateway.Limits...)
		all.Gateway.Access = append(all.Gateway.Access, w.Gateway.Access...)
	}
	all.Gateway.Unknown.Status = 404
	return all
}
