//go:build images

package images

import (
	"archive/tar"
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

const maxImage = 12e6 // bytes, as the engine counts them

// engine returns the container engine that make uses.
func engine() string { return cmp.Or(os.Getenv("DOCKER"), "docker") }

// inspected is the part of `docker inspect` that counts here.
type inspected struct {
	Size   int64
	Config struct {
		User       string
		Env        []string
		Entrypoint []string
		Labels     map[string]string
	}
}

func TestImages(t *testing.T) {
	cmdline.Run(t, "make", "images")
	revision := strings.TrimSpace(cmdline.Run(t, "git", "rev-parse", "HEAD"))
	for image := range strings.FieldsSeq(cmdline.Run(t, "bin/images.sh", "list")) {
		t.Run(image, func(t *testing.T) { checkImage(t, image, revision) })
	}
}

func checkImage(t *testing.T, image, revision string) {
	var all []inspected
	if err := json.Unmarshal([]byte(cmdline.Run(t, engine(), "inspect", image)), &all); err != nil {
		t.Fatal(err)
	}
	got := all[0]
	title, version, _ := strings.Cut(image, ":")
	labels := map[string]string{
		"org.opencontainers.image.title":    title,
		"org.opencontainers.image.version":  version,
		"org.opencontainers.image.revision": revision,
	}
	for name, want := range labels {
		if got.Config.Labels[name] != want {
			t.Errorf("label %s = %q, want %q", name, got.Config.Labels[name], want)
		}
	}
	if got.Config.User != "65532:65532" {
		t.Errorf("user = %q", got.Config.User)
	}
	if got.Size > maxImage {
		t.Errorf("size = %d bytes, above %.0f", got.Size, maxImage)
	}
	t.Logf("%.1f MB", float64(got.Size)/1e6)
	program := got.Config.Entrypoint[0]
	files := imageFiles(t, image)
	want := []string{"etc/ssl/certs/ca-certificates.crt", "licenses", strings.TrimPrefix(program, "/")}
	if names := slices.Sorted(maps.Keys(files)); !slices.Equal(names, slices.Sorted(slices.Values(want))) {
		t.Errorf("files = %q, want %q", names, want)
	}
	checkStatic(t, files[strings.TrimPrefix(program, "/")])
	// TestImagesBringLicenses of e2e/scripts reads them
	licenses, err := os.ReadFile("../../out/images/" + runtime.GOARCH + program + ".licenses")
	if err != nil || !bytes.Equal(files["licenses"], licenses) {
		t.Errorf("not the licences of %s: %v", program, err)
	}
}

func checkStatic(t *testing.T, program []byte) {
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program needs a loader: it is not static")
		}
	}
}

// imageFiles returns the regular files of all layers.
func imageFiles(t *testing.T, image string) map[string][]byte {
	archive := untar(t, strings.NewReader(cmdline.Run(t, engine(), "save", image)))
	var manifest []struct{ Layers []string }
	if err := json.Unmarshal(archive["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, layer := range manifest[0].Layers {
		maps.Copy(files, untar(t, bytes.NewReader(archive[layer])))
	}
	return files
}

func untar(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for archive := tar.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func TestImageBuildsAreEqual(t *testing.T) {
	build := func() map[string][]byte {
		cmdline.Run(t, "make", "images")
		return imageFiles(t, "istio-tutorial-recommendation:v1")
	}
	first, second := build(), build()
	if !bytes.Equal(first["recommendation"], second["recommendation"]) {
		t.Error("two builds of recommendation differ")
	}
}

// container starts one as Kubernetes would: no capability, nothing to write to.
func container(t *testing.T, name, network string, args ...string) string {
	t.Helper()
	argv := append([]string{engine(), "run", "-d", "--network", network, "--network-alias", name,
		"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"}, args...)
	id := strings.TrimSpace(cmdline.Run(t, argv...))
	t.Cleanup(func() { _ = exec.Command(engine(), "rm", "-f", id).Run() })
	return id
}

func TestImageChain(t *testing.T) {
	cmdline.Run(t, "make", "images")
	network := fmt.Sprintf("istio-tutorial-%d", os.Getpid())
	cmdline.Run(t, engine(), "network", "create", network)
	t.Cleanup(func() { _ = exec.Command(engine(), "network", "rm", network).Run() })
	end := container(t, "recommendation", network, "-e", "HOSTNAME=recommendation-v2-77b9f6cc68-5xs27",
		"istio-tutorial-recommendation:v2")
	container(t, "preference", network, "istio-tutorial-preference:v1")
	front := container(t, "customer", network, "-p", "127.0.0.1::8080", "istio-tutorial-customer:v1")
	address := strings.TrimSpace(cmdline.Run(t, engine(), "port", front, "8080/tcp"))

	expect := func(want string) {
		t.Helper()
		await.Eventually(t, 2*await.Patience, "the answer", func() string {
			if got := get("http://" + address); got != want {
				return got
			}
			return ""
		})
	}
	expect("customer => preference => recommendation v2 from '77b9f6cc68-5xs27': 1\n")
	cmdline.Run(t, engine(), "exec", end, "recommendation", "misbehave")
	expect("customer => 503 preference => 503 recommendation misbehavior from '77b9f6cc68-5xs27'\n")
	cmdline.Run(t, engine(), "exec", end, "/recommendation", "behave")
	expect("customer => preference => recommendation v2 from '77b9f6cc68-5xs27': 1\n")

	cmdline.Run(t, engine(), "stop", "-t", "30", front)
	if code := strings.TrimSpace(cmdline.Run(t, engine(), "inspect", "-f", "{{.State.ExitCode}}", front)); code != "0" {
		t.Errorf("exit code after SIGTERM = %s, want 0", code)
	}
}

func get(url string) string {
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestImagePush(t *testing.T) {
	registry := startRegistry(t)
	cmdline.Line{Argv: []string{"make", "push", "REGISTRY=" + registry + "/tutorial"}, Env: pushFlags()}.Run(t)
	for image := range strings.FieldsSeq(cmdline.Run(t, "bin/images.sh", "list")) {
		name, tag, _ := strings.Cut(image, ":")
		t.Cleanup(func() {
			local := registry + "/tutorial/" + image
			_ = exec.Command(engine(), "rmi", local+"-amd64", local+"-arm64").Run()
		})
		got := architectures(t, "http://"+registry+"/v2/tutorial/"+name+"/manifests/"+tag)
		if want := []string{"amd64", "arm64"}; !slices.Equal(got, want) {
			t.Errorf("%s: architectures = %q, want %q", image, got, want)
		}
	}
}

func TestImagePushNeedsRegistry(t *testing.T) {
	out, err := cmdline.Line{Argv: []string{"make", "push"}}.Try(t)
	if err == nil || !strings.Contains(out, "make push REGISTRY=host/path") {
		t.Errorf("make push without a registry: %v\n%s", err, out)
	}
}

// pushFlags let the engine talk to a registry without TLS.
func pushFlags() []string {
	if strings.Contains(engine(), "podman") {
		return []string{"PUSH_FLAGS=--tls-verify=false"}
	}
	return []string{"PUSH_FLAGS=--insecure"}
}

// startRegistry runs Debian's docker-registry on loopback.
func startRegistry(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	config := t.TempDir() + "/config.yml"
	text := fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", t.TempDir(), address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "docker-registry", "serve", config)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs a registry (Debian: apt-get install docker-registry): %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	await.Eventually(t, await.Patience, "the registry", func() string {
		if got := get("http://" + address + "/v2/"); got != "{}" {
			return got
		}
		return ""
	})
	return address
}

func architectures(t *testing.T, url string) []string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		Manifests []struct{ Platform struct{ Architecture string } }
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range list.Manifests {
		got = append(got, m.Platform.Architecture)
	}
	slices.Sort(got)
	return got
}
