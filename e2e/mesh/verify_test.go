//go:build cluster

package mesh

import (
	"bytes"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

// verified is the namespace that these tests have verify make.
const verified = "oncluster-verify"

// kinds are those of which a run could leave something behind.
const kinds = "namespaces,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,customresourcedefinitions"

func verify(args ...string) cmdline.Line {
	return cmdline.Line{
		Argv: append([]string{"bin/lab", "--on", "cluster", "verify", "-n", verified}, args...),
		Env:  []string{"LAB_ON=", "LAB_NAMESPACE=", "LAB_ECHO="},
	}
}

// TestVerify runs some lessons as a reader types it: those hold, and nothing is left, whatever ends the run.
func TestVerify(t *testing.T) {
	before := there(t)
	if strings.Contains(before, verified) {
		t.Fatalf("it is there already:\n%s", before)
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{{"lessons hold", holds}, {"Ctrl-C", interrupted}, {"a namespace of somebody else", taken}} {
		t.Run(test.name, test.run)
		if after := there(t); after != before {
			t.Errorf("%s: before it was\n%s, and after it\n%s", test.name, before, after)
		}
	}
}

// there are the objects of the cluster that a run could leave; the namespaces of others come and go.
func there(t *testing.T) string {
	t.Helper()
	var list strings.Builder
	for line := range strings.Lines(cmdline.Run(t, "kubectl", "get", kinds, "-o", "name")) {
		if !strings.HasPrefix(line, "namespace/") || strings.Contains(line, verified) {
			list.WriteString(line)
		}
	}
	return list.String()
}

func holds(t *testing.T) {
	out := verify("--edition", "all", "-o", "markdown", "0", "4", "21").Run(t)
	for _, want := range []string{
		"5 of 5 held", "Kubernetes v", "| 0 first-run | holds | holds |", "| 4 errors | holds | – |", "| 21 a-lock-on-the-door | holds | holds |",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// interrupted presses Ctrl-C while the chain is made.
func interrupted(t *testing.T) {
	cmd := exec.Command("bin/lab", "--on", "cluster", "verify", "-n", verified, "0")
	cmd.Dir = root
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a terminal does
	out := &cmdline.Output{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await.Eventually(t, 2*await.Patience, "the chain", func() string {
		if !strings.Contains(out.String(), "making the chain") {
			return "it says: " + out.String()
		}
		return ""
	})
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	const byInterrupt = 130
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != byInterrupt {
		t.Errorf("%v:\n%s", err, out)
	}
}

// taken has verify refuse a namespace that it has not made, in one line, and leave it as it was.
func taken(t *testing.T) {
	cmdline.Run(t, "kubectl", "create", "namespace", verified)
	defer cmdline.Run(t, "kubectl", "delete", "namespace", verified, "--timeout=2m")
	was := cmdline.Run(t, "kubectl", "get", "namespace", verified, "-o", "json")
	var words bytes.Buffer
	cmd := exec.Command("bin/lab", "--on", "cluster", "verify", "-n", verified, "0", "1")
	cmd.Dir, cmd.Stderr = root, &words
	if err := cmd.Run(); err == nil || strings.Count(words.String(), "it is not touched") != 1 {
		t.Errorf("%v:\n%s", err, &words)
	}
	if now := cmdline.Run(t, "kubectl", "get", "namespace", verified, "-o", "json"); now != was {
		t.Errorf("it was\n%s, and is\n%s", was, now)
	}
}
