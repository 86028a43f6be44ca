package backend

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const zipkinVersion = "3.6.1"

// Zipkin is a running Zipkin server, with its storage in memory.
type Zipkin struct {
	URL string // that takes spans

	api string
}

// StartZipkin runs Zipkin for the test. It fetches it first, with Maven, if out/ has none.
// The test is skipped where there is no Java or no Maven to run and fetch it.
func StartZipkin(t testing.TB) *Zipkin {
	t.Helper()
	jar := out(t, "zipkin-server-"+zipkinVersion+"-slim.jar")
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("SKIP: Zipkin needs Java: ", err)
	}
	err = once(jar, func() error { return fetchZipkin(filepath.Dir(jar)) })
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("SKIP: Maven fetches Zipkin: ", err)
	}
	if err != nil {
		t.Fatalf("%v\nOr do without: E2E_WITHOUT=zipkin", err)
	}
	z := &Zipkin{}
	launch(t, func() (*exec.Cmd, string, error) {
		ports, err := loopback(1)
		if err != nil {
			return nil, "", err
		}
		z.api = "http://" + ports[0] + "/api/v2"
		z.URL = z.api + "/spans"
		return zipkinCommand(java, jar, ports[0]), "http://" + ports[0] + "/health", nil
	})
	return z
}

func fetchZipkin(dir string) error {
	cmd := exec.Command("mvn", "-B", "-q", "dependency:copy", "-DoutputDirectory="+dir,
		"-Dartifact=io.zipkin:zipkin-server:"+zipkinVersion+":jar:slim")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, said)
	}
	return nil
}

func zipkinCommand(java, jar, address string) *exec.Cmd {
	host, port, _ := strings.Cut(address, ":")
	cmd := exec.Command(java, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", jar,
		"--armeria.ports[0].ip="+host, "--armeria.ports[0].port="+port, "--armeria.ports[0].protocols[0]=http")
	cmd.Env = []string{} // JAVA_TOOL_OPTIONS and the like are not for it
	return cmd
}

// A span as Zipkin's API has it.
type zipkinSpan struct {
	ID, ParentID  string
	Kind          string
	LocalEndpoint struct{ ServiceName string }
	Tags          map[string]string
}

func zipkinTrace(spans []zipkinSpan) Trace {
	var tr Trace
	for _, s := range spans {
		_, failed := s.Tags["error"]
		tr = append(tr, Span{ID: s.ID, Parent: s.ParentID, Service: s.LocalEndpoint.ServiceName,
			Kind: strings.ToLower(s.Kind), Failed: failed, Status: s.Tags["http.status_code"]})
	}
	return tr
}

// Trace implements Store.
func (z *Zipkin) Trace(id string) (Trace, error) {
	var spans []zipkinSpan
	err := read(z.api+"/trace/"+id, &spans)
	if errors.Is(err, errNotThere) {
		return nil, nil
	}
	return zipkinTrace(spans), err
}

// Traces implements Store.
func (z *Zipkin) Traces(service string) ([]Trace, error) {
	var traces [][]zipkinSpan
	if err := read(z.api+"/traces?limit=1000&serviceName="+service, &traces); err != nil {
		return nil, err
	}
	var all []Trace
	for _, spans := range traces {
		all = append(all, zipkinTrace(spans))
	}
	return all, nil
}
