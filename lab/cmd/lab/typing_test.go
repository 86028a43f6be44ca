package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"istio-tutorial/lab/labtest"
)

// outpour is what a program that goes on has printed.
type outpour struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *outpour) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *outpour) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// elsewhere are the commands of pages that need what a test has not, each with the reason.
func elsewhere() map[string]string {
	const images, cluster = "builds images", "needs a cluster"
	return map[string]string{
		"make test":   "is what runs this",
		"make images": images, "make push REGISTRY=registry.example.com/tutorial": images, "make load": images,
		"kubectl exec POD -c recommendation -- recommendation misbehave":                      cluster,
		"kubectl exec POD -c recommendation -- recommendation get http://httpbin.org/headers": cluster,
		"make images load deploy": cluster,
		"kubectl -n istio-tutorial port-forward service/customer 8280:8080":          cluster,
		"kubectl create namespace istio-tutorial":                                    cluster,
		"kubectl apply -f deploy/customer/ServiceAccount.yml":                        cluster,
		"kubectl apply -f <(istioctl kube-inject -f deploy/customer/Deployment.yml)": cluster,
		"kubectl apply -f deploy/customer/Service.yml":                               cluster,
	}
}

// typed types what a page, or the lab's first screen, has, in the script's folder; each command must
// succeed and print what the page shows.
func typed(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "up" {
		for _, line := range proposed(ts) {
			line = strings.TrimSpace(line)
			typeOne(ts, line, nil)
			if strings.Contains(line, " -f deploy/") {
				runTyped(ts, "bin/lab rollout status deployment/recommendation-v2") // a person is slower
			}
			if strings.Contains(line, " -f istiofiles/") {
				runTyped(ts, "bin/poll_customer.sh -n 20 -i 0")
			}
		}
		return
	}
	left := elsewhere()
	commands := shown(ts.ReadFile(args[0]))
	if len(commands) == 0 {
		ts.Fatalf("%s has no commands", args[0])
	}
	for _, c := range commands {
		if left[c.text] == "" {
			typeOne(ts, c.text, c.output)
		}
		delete(left, c.text)
	}
	if args[0] == "README.md" && len(left) > 0 {
		ts.Fatalf("README.md no longer has %v", left)
	}
}

// proposed are the lines that the first screen proposes for another terminal.
func proposed(ts *testscript.TestScript) []string {
	d := labs(ts)[ts.Getenv("LAB_NAME")]
	var lines []string
	ts.Check(labtest.Poll(func() error {
		_, text, ok := strings.Cut(d.out.String(), "In another terminal:\n")
		lines = strings.Split(strings.TrimSpace(text), "\n")
		if !ok || !strings.Contains(text, " lesson ") {
			return fmt.Errorf("it shows %q", d.out.String())
		}
		return nil
	}))
	return lines
}

// toType is a command of a page, and its output there.
type toType struct {
	text   string
	output []string
}

var consoleBlock = regexp.MustCompile("(?ms)^```(console|text)\n(.*?)^```$")

// shown are the commands of a page: in its console blocks, and those that a block of text explains, with
// the explanation behind two spaces.
func shown(page string) []toType {
	var list []toType
	for _, m := range consoleBlock.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(m[2]) {
			line = strings.TrimSuffix(line, "\n")
			command, isCommand := strings.CutPrefix(line, "$ ")
			explained, _, _ := strings.Cut(line, "  ")
			switch {
			case isCommand:
				list = append(list, toType{text: command})
			case m[1] == "text" && strings.HasPrefix(line, "bin/"):
				list = append(list, toType{text: explained})
			case m[1] == "console" && len(list) > 0:
				list[len(list)-1].output = append(list[len(list)-1].output, line)
			}
		}
	}
	return list
}

// typeOne runs a command, or what stands for it.
func typeOne(ts *testscript.TestScript, text string, output []string) {
	ts.Logf("> %s", text)
	words := strings.Fields(text)
	switch {
	case text == "make run":
		proposed(ts) // it is complete
		compareLines(ts, text, output, strings.Split(labs(ts)[ts.Getenv("LAB_NAME")].out.String(), "\n"))
		return
	case text == "make chain":
		startChain(ts)
		return
	case strings.HasPrefix(text, "bin/lab up"):
		ts.Check(labs(ts)[ts.Getenv("LAB_NAME")].end(ts, syscall.SIGINT))
		up(ts, false, words[2:])
		return
	case strings.HasPrefix(text, "bin/lab lesson "):
		runTyped(ts, "bin/lab reset") // a lesson is for a lab as it starts
	case words[0] == "bin/poll_customer.sh" && !slices.Contains(words, "-n"):
		text += " | head -n 3" // else it goes on
	}
	compareLines(ts, text, output, strings.Split(strings.TrimSuffix(runTyped(ts, text), "\n"), "\n"))
}

// runTyped is what a command prints that must succeed; Enter is pressed as often as it asks.
func runTyped(ts *testscript.TestScript, text string) string {
	for i, port := range strings.Fields(ts.Getenv("CHAIN")) {
		text = strings.ReplaceAll(text, "localhost:"+chainPorts[i], "localhost:"+port)
	}
	if rest, ok := strings.CutPrefix(text, "curl "); ok {
		text = "curl -sS " + rest // its progress is for who waits
	}
	cmd := command(ts, "sh", "-c", text)
	cmd.Env = append(cmd.Env, "CUSTOMER_URL="+ts.Getenv("INGRESS"), "CUSTOMER_TLS=127.0.0.1:8443")
	cmd.Stdin = strings.NewReader(strings.Repeat("\n", 1000))
	out, err := cmd.CombinedOutput()
	if err != nil {
		ts.Fatalf("%s: %v\n%s", text, err, out)
	}
	if strings.HasPrefix(text, "bin/poll") && strings.Contains(string(out), "no healthy upstream") {
		ts.Fatalf("%s: somebody is missing\n%s", text, out)
	}
	return string(out)
}

// compareLines holds what a command printed to what a page shows, but for what differs from one lab to
// another. Of answers, which may come by chance, each must be one that the page has.
func compareLines(ts *testscript.TestScript, text string, want, got []string) {
	if len(want) == 0 {
		return
	}
	plain := func(lines []string) []string {
		var list []string
		for line := range strings.SplitSeq(strings.TrimSpace(strings.Join(lines, "\n")), "\n") {
			said := strings.HasSuffix(line, " ...") // it is said again when it is done
			if !said && !aboutPorts.MatchString(line) {
				list = append(list, likened(line))
			}
		}
		if text == "make run" { // its pods start at the same time
			slices.Sort(list)
		}
		return list
	}
	want, got = plain(want), plain(got)
	if strings.HasPrefix(text, "bin/poll_customer.sh") {
		ok := len(want) == len(got)
		for _, line := range got {
			ok = ok && slices.Contains(want, line)
		}
		if ok {
			return
		}
	} else if slices.Equal(want, got) {
		return
	}
	ts.Fatalf("%s: printed\n%s\nthe page shows\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
}

// aboutPorts is what is said for ports that are not a page's, as another lab has those.
var aboutPorts = regexp.MustCompile(`^(  export CUSTOMER_|\s*# |warning: \S+ is taken by .*: the page is at )`)

var differing = regexp.MustCompile(`(127\.0\.0\.1|live: http://localhost):\d+|\b\d+(\.\d+)?m?s\b|'[a-z0-9]+-[a-z0-9]{5}'|\brevision \d+|` +
	`: \d+$|\b\d+\.\d+\.\d+( /\S+)?`)

func likened(line string) string {
	return strings.Join(strings.Fields(differing.ReplaceAllString(line, "…")), " ")
}

// chainPorts are those of customer, preference and recommendation.
var chainPorts = [...]string{"8280", "8180", "8080"}

// startChain starts what `make chain` does, on ports of its own.
func startChain(ts *testscript.TestScript) {
	d := &runningLab{ended: make(chan error, 1)}
	d.cmd = command(ts, "sh", "-c", "exec bin/chain.sh")
	var ports []string
	for range chainPorts {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		_, port, err := net.SplitHostPort(l.Addr().String())
		ts.Check(errors.Join(err, l.Close()))
		ports = append(ports, port)
	}
	ts.Setenv("CHAIN", strings.Join(ports, " "))
	d.cmd.Env = append(d.cmd.Env, "PORTS="+ts.Getenv("CHAIN"))
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	ts.Check(d.cmd.Start())
	go func() { d.ended <- d.cmd.Wait() }()
	ts.Defer(func() { _ = d.end(ts, syscall.SIGTERM) })
	ts.Check(labtest.Poll(func() error {
		if text := d.out.String(); !strings.Contains(text, "The chain is up") {
			return fmt.Errorf("it says %q", text)
		}
		return nil
	}))
}
