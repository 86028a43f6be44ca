package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"istio-tutorial/lab/load"
)

// siege is the verb's flags, which are siege's.
type siege struct {
	*app
	load.Config
	headers  []string
	agent    string
	duration string
	verbose  bool
	failures failures
}

func (a *app) load() *cobra.Command {
	s := &siege{app: a}
	cmd := &cobra.Command{
		Use:   "load [-c USERS] [-r TIMES] [URL]",
		Short: "Send requests as many users at once, as siege does",
		Long: `Send requests as many users at once, as siege does, until all are done or until Ctrl-C. Without URL,
they go to the lab's ingress. So do those for a host name that this machine does not know, such as that
of the text of 2018. To send COUNT requests in all, use -c 1 -r COUNT; -n is not a count here. The exit
status is 1 if nothing answered.`,
		Example: `  bin/lab load -c 20 -r 2 -v
  bin/lab load -c 5 -t 10S -A Safari
  bin/lab load -r 2 -c 20 -v customer.istio-tutorial.jimmysong.io`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.IntVarP(&s.Users, "concurrent", "c", 25, "users at the same time")
	flags.IntVarP(&s.Requests, "reps", "r", 0, "requests of each user; 0 is until Ctrl-C")
	flags.StringVarP(&s.duration, "time", "t", "", "how long to send: 10S, 5M, 1H, or a Go duration")
	flags.DurationVarP(&s.Delay, "delay", "d", 0, "longest pause before each request; the pause is random")
	flags.BoolVarP(&s.verbose, "verbose", "v", false, "show every answer")
	flags.StringArrayVarP(&s.headers, "header", "H", nil, "header to send, 'NAME: VALUE'; may be repeated")
	flags.StringVarP(&s.agent, "user-agent", "A", "lab", "User-Agent to send")
	return cmd
}

func (s *siege) run(ctx context.Context, args []string) error {
	if s.explicit { // others count by -n
		return counsel(fmt.Sprintf("load: -n is the namespace, which load does not need; for %s requests: "+
			"bin/lab load -c 1 -r %[1]s", s.namespace))
	}
	duration, err := parseDuration(s.duration)
	if err != nil {
		return err
	}
	if s.Header, err = parseHeaders(s.headers, s.agent); err != nil {
		return err
	}
	if s.URL, err = s.target(ctx, args); err != nil {
		return err
	}
	if err := s.Validate(); err != nil {
		return misuse{err}
	}
	if duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, duration)
		defer cancel()
	}
	s.Each = s.show
	fmt.Fprintf(s.stdout, "** %d concurrent users ask %s\n", s.Users, s.URL)
	summary, err := load.Run(ctx, s.Config)
	if err != nil {
		return err
	}
	s.complain(s.failures.repeated()...)
	fmt.Fprintln(s.stdout)
	summary.Write(s.stdout)
	if summary.Transactions == 0 && summary.Unanswered > 0 && summary.Unanswered == summary.Failed {
		s.adviseWayIn(args)
		return exitStatus(failed)
	}
	return nil
}

// adviseWayIn says how a cluster's ingress is reached, to those who asked it and nothing else.
func (s *siege) adviseWayIn(args []string) {
	if s.onCluster() && len(args) == 0 {
		s.advise("nobody answers at "+s.URL+"; open the way in, or name another with CUSTOMER_URL=http://HOST:PORT:", wayInLine(s.namespace))
	}
}

// target is what to ask: the lab's ingress, unless it is an address, or a name that is known here.
func (s *siege) target(ctx context.Context, args []string) (string, error) {
	if len(args) == 1 && !isForIngress(ctx, args[0]) {
		return args[0], nil
	}
	ingress, err := s.ingress(ctx)
	if err != nil || len(args) == 0 {
		return ingress, err
	}
	_, host, path := splitURL(args[0])
	if s.Header.Get("Host") == "" {
		s.Header.Set("Host", host)
	}
	fmt.Fprintf(s.stdout, "** %s is asked at the %s's ingress.\n%s", host, s.place(), inBrowsers(host, ingress))
	return ingress + path, nil
}

// ingress is the way into the mesh.
func (s *siege) ingress(ctx context.Context) (string, error) {
	if s.onCluster() {
		return s.wayIn(), nil
	}
	client, err := s.client()
	if err != nil {
		return "", err
	}
	status, err := client.Status(ctx)
	return status.Ingress, err
}

// textHost is the name by which the text of 2018 asks customer.
const textHost = "customer.istio-tutorial.jimmysong.io"

// isForIngress reports whether only the lab can answer: a name without a port that nobody else
// has, and that of the text, whoever has it today.
func isForIngress(ctx context.Context, address string) bool {
	scheme, host, _ := splitURL(address)
	if host == "" || scheme == "https" || strings.ContainsAny(host, ":@") || net.ParseIP(host) != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, host)
	return host == textHost || err != nil
}

// splitURL takes an address without a scheme, too, as siege does.
func splitURL(address string) (scheme, host, path string) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", "", ""
	}
	return u.Scheme, u.Host, u.RequestURI()
}

// inBrowsers is what has every program of the machine find the lab by a name.
func inBrowsers(host, ingress string) string {
	_, address, _ := splitURL(ingress)
	ip, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	text := fmt.Sprintf("** For curl and browsers, add this line to /etc/hosts:\n     %s %s\n", ip, host)
	if port == "80" {
		return text + fmt.Sprintf("** and ask http://%s\n", host)
	}
	return text + fmt.Sprintf("** and ask http://%s:%s\n** (without the port after: bin/lab up --listen 127.0.0.1:80)\n", host, port)
}

func (s *siege) show(hit load.Hit) {
	switch {
	case hit.Err != nil:
		if s.failures.isNew(hit.Err) {
			s.complain(hit.Err.Error())
		}
	case s.verbose:
		fmt.Fprintf(s.stdout, "%s %d%9.2f secs: %7d bytes ==> GET  %s\n",
			hit.Proto, hit.Status, hit.Took.Seconds(), hit.Bytes, hit.Path)
	}
}

// failures counts errors by what caused them: what stands around it has ports that differ.
type failures struct {
	causes []string
	counts map[string]int
}

// isNew counts an error, and reports whether it is the first of its kind.
func (f *failures) isNew(err error) bool {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	if f.counts == nil {
		f.counts = map[string]int{}
	}
	cause := err.Error()
	if f.counts[cause]++; f.counts[cause] > 1 {
		return false
	}
	f.causes = append(f.causes, cause)
	return true
}

// repeated says how often the others came.
func (f *failures) repeated() []string {
	var list []string
	for _, cause := range f.causes {
		if more := f.counts[cause] - 1; more > 0 {
			list = append(list, fmt.Sprintf("%s (%d times more)", cause, more))
		}
	}
	return list
}

// parseDuration takes siege's way to write one, where a number alone is minutes, and Go's.
func parseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	plain := strings.ToLower(text)
	if strings.Trim(plain, "0123456789") == "" {
		plain += "m"
	}
	d, err := time.ParseDuration(plain)
	if err != nil || d <= 0 {
		return 0, misusef("--time=%s: want a time such as 10S, 5M or 1m30s", text)
	}
	return d, nil
}

func parseHeaders(lines []string, agent string) (http.Header, error) {
	header := http.Header{"User-Agent": {agent}}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, misusef("--header=%q: want 'NAME: VALUE'", line)
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}
