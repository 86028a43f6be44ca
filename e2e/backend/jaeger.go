package backend

import (
	"os/exec"
	"testing"

	"istio-tutorial/e2e/chain"
)

// Jaeger is what tools/jaeger builds of the all-in-one, running, with its storage in memory.
type Jaeger struct {
	Agent     string // host:port of the agent, UDP
	Collector string // address that takes the Jaeger client's spans over HTTP
	Zipkin    string // address that takes Zipkin's spans
	Process   *chain.Process

	ports []string
	query string
	admin string
}

// StartJaeger runs Jaeger for the test. It builds it first if out/ has none, which takes
// minutes.
func StartJaeger(t testing.TB) *Jaeger {
	t.Helper()
	binary := out(t, "jaeger")
	if err := once(binary, func() error { return build(binary, "tools/jaeger") }); err != nil {
		t.Fatalf("%v\n`make out/jaeger` builds it, or do without: E2E_WITHOUT=jaeger", err)
	}
	j := &Jaeger{}
	j.Process = launch(t, func() (*exec.Cmd, string, error) {
		ports, err := loopback(len(listeners()))
		if err != nil {
			return nil, "", err
		}
		j.use(ports)
		return j.command(binary), j.admin, nil
	})
	return j
}

func (j *Jaeger) use(ports []string) {
	j.ports = ports
	j.Agent = ports[0]
	j.Collector = "http://" + ports[1] + "/api/traces"
	j.Zipkin = "http://" + ports[2] + "/api/v2/spans"
	j.query = "http://" + ports[3]
	j.admin = "http://" + ports[4]
}

// listeners returns the flags of all addresses that Jaeger listens on: one that is not named is
// open to all the network. The first five are in the order that use has.
func listeners() []string {
	return []string{
		"processor.jaeger-compact.server-host-port",
		"collector.http-server.host-port",
		"collector.zipkin.host-port",
		"query.http-server.host-port",
		"admin.http.host-port",
		"collector.grpc-server.host-port",
		"query.grpc-server.host-port",
		"http-server.host-port",
		"processor.jaeger-binary.server-host-port",
		"processor.zipkin-compact.server-host-port",
	}
}

func (j *Jaeger) command(binary string) *exec.Cmd {
	// more than tests read back; a store that grows costs time for every new span
	args := []string{"--memory.max-traces=2000", "--collector.otlp.enabled=false", "--log-level=warn"}
	for i, listener := range listeners() {
		args = append(args, "--"+listener+"="+j.ports[i])
	}
	cmd := exec.Command(binary, args...)
	// it may have memory rather than time: it shares the machine with what is measured
	cmd.Env = []string{"GOGC=400"}
	return cmd
}

// Restart starts a new Jaeger, without the old one's traces, at the same addresses. The old
// one must have ended.
func (j *Jaeger) Restart(t testing.TB) {
	t.Helper()
	j.Process = launch(t, func() (*exec.Cmd, string, error) {
		return j.command(out(t, "jaeger")), j.admin, nil
	})
}
