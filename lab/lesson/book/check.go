package book

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"istio-tutorial/lab/binomial"

	"go.yaml.in/yaml/v3"
)

// Check is a claim about the mesh: what some requests get, and what they leave behind.
type Check struct {
	Line int `yaml:"-"`
	// On is the ground where this holds, Lab or Cluster; the page says why. Empty: on each.
	On string `yaml:"on"`
	// WaitFor is what counters must come to before anything is sent.
	WaitFor Amounts `yaml:"wait for"`
	// Send is how many GETs the ingress gets. Required, unless the check only waits.
	Send int `yaml:"send"`
	// From is the Deployment whose first pod asks, through its sidecar; To is the URL that it asks.
	// Both or neither: who asks the ingress stands outside.
	From string `yaml:"from"`
	To   string `yaml:"to"`
	// AtOnce is how many of them are under way at the same time. Zero is 1.
	AtOnce int `yaml:"at once"`
	// Headers go with each, Host among them.
	Headers map[string]string `yaml:"headers"`
	// TLS has the requests encrypted. Optional.
	TLS *Secure `yaml:"tls"`
	// Answers are the kinds of answers by a text that each has somewhere, and how many are of
	// each; the first that fits counts. "TEXT after 7s" fits an answer that took as long, and no
	// longer than the same request takes besides. Answers of no kind are refused. Required.
	Answers Amounts `yaml:"answers"`
	// InTurn are texts of answers in the order in which they come again and again; each stands
	// for a pod of its own.
	InTurn []string `yaml:"in turn"`
	// Repeats is how often an answer is of the same pod as the one before.
	Repeats *Amount `yaml:"repeats"`
	// Received is how many requests the programs of a Deployment got, by their own logs.
	Received Amounts `yaml:"received"`
	// Counters are by how much those of a Deployment's proxies rose: "preference NAME", where NAME
	// is the end of Envoy's.
	Counters Amounts `yaml:"counters"`
	// Gauges are what they are in the end.
	Gauges Amounts `yaml:"gauges"`
	// Why is how the lab must explain the answers of a text: all of them.
	Why Explanations `yaml:"why"`
	// FailsWith are the changes that this check must find: of a file that a command before it
	// loads, of the text typed into one (-), or of a command.
	FailsWith Mutations `yaml:"fails with"`
}

// The grounds that a check can be on.
const (
	Lab     = "lab"
	Cluster = "cluster"
)

// Bounds of a check.
const (
	mostRequests = 100_000
	mostAtOnce   = 1000
)

// check reads a check, strictly.
func (r *reader) check(code []byte, line int) *Check {
	c := &Check{Line: line}
	dec := yaml.NewDecoder(bytes.NewReader(code))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		r.yamlErrors(line, err)
		return c
	}
	for _, err := range c.problems() {
		r.fail(line, "%v", err)
	}
	return c
}

// How the decoder names the line of a problem in the block, and, which is nothing to a writer, the type.
var (
	yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	yamlType = regexp.MustCompile(` in type book\.\w+`)
)

func (r *reader) yamlErrors(line int, err error) {
	problems := []string{err.Error()}
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		problems = several.Errors
	}
	for _, p := range problems {
		at := line
		if m := yamlLine.FindStringSubmatch(p); m != nil {
			n, _ := strconv.Atoi(m[1]) // its digits
			at, p = line+n-1, strings.TrimPrefix(p, m[0])
		}
		r.fail(at, "%s", strings.TrimPrefix(yamlType.ReplaceAllString(p, ""), "yaml: "))
	}
}

// problems are what is wrong with a check that was read.
func (c *Check) problems() []error {
	errs := append([]error{c.sending(), c.ground(), c.encryption()}, c.way()...)
	for _, a := range c.Counters {
		if a.as != "" && !c.Answers.has(a.as) {
			errs = append(errs, fmt.Errorf("counters: %s: as %s: no such kind of answers", a.Of, a.as))
		}
	}
	errs = append(errs, c.unexplained()...)
	errs = append(errs, c.tooFew()...)
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// sending is what is wrong with what a check asks for.
func (c *Check) sending() error {
	ordered := len(c.InTurn) > 0 || c.Repeats != nil
	comes := len(c.Answers)+len(c.Received)+len(c.Counters) > 0 || ordered
	for _, p := range []struct {
		wrong bool
		cause string
	}{
		{c.Send == 0 && comes, "send: missing, for what is to come of it"},
		{c.Send == 0 && len(c.WaitFor) == 0, "send: missing"},
		{
			c.Send < 0 || c.Send > mostRequests,
			fmt.Sprintf("send: %d: want 1 to %d", c.Send, mostRequests),
		},
		{c.Send > 0 && len(c.Answers)+len(c.InTurn) == 0, "answers: missing"},
		{
			c.AtOnce < 0 || c.AtOnce > mostAtOnce || c.Send%max(1, c.AtOnce) != 0,
			fmt.Sprintf("at once: %d: want a divisor of %d, at most %d", c.AtOnce, c.Send, mostAtOnce),
		},
		{c.AtOnce > 1 && ordered, "at once: an order is that of one request after the other"},
	} {
		if p.wrong {
			return errors.New(p.cause)
		}
	}
	return nil
}

// ground is what is wrong with where a check holds.
func (c *Check) ground() error {
	if c.On != "" && c.On != Lab && c.On != Cluster {
		return fmt.Errorf("on: %q: want %s or %s", c.On, Lab, Cluster)
	}
	return nil
}

// way are the problems of who asks whom.
func (c *Check) way() []error {
	if c.From == "" && c.To == "" {
		return nil
	}
	if c.From == "" || c.To == "" || c.Send == 0 {
		return []error{errors.New("from, to: want both, and what to send")}
	}
	u, err := url.Parse(c.To)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return []error{fmt.Errorf("to: %q: want http://HOST", c.To)}
	}
	return nil
}

// Request tells checks of the same request from those of others.
func (c *Check) Request() string {
	secure := ""
	if c.TLS != nil {
		secure = fmt.Sprint(*c.TLS)
	}
	return fmt.Sprint(c.From, " ", c.To, " ", c.Headers, secure)
}

// trials are the amounts that are of all requests, or of all pairs of them, by their number.
type trials struct {
	list Amounts
	n    int
}

func (c *Check) trials() []trials {
	list := []trials{
		{c.Answers, c.Send}, {c.Received, c.Send}, {c.Counters, c.Send}, {c.Gauges, c.Send},
	}
	if c.Repeats != nil {
		list = append(list, trials{Amounts{*c.Repeats}, c.Send - 1})
	}
	return list
}

// Alpha is the false alarm of each share, so that all together have the one of a check.
func (c *Check) Alpha() float64 {
	shares := 0
	for _, t := range c.trials() {
		for _, a := range t.list {
			if a.kind == share {
				shares++
			}
		}
	}
	return binomial.FalseAlarm / float64(max(1, shares))
}

// tooFew are the shares that so few requests do not tell from what they are not.
func (c *Check) tooFew() []error {
	var errs []error
	for _, t := range c.trials() {
		for _, a := range t.list {
			if a.kind != share || a.not < 0 {
				continue
			}
			p, not := a.percent/100, a.not/100
			low, high := binomial.Interval(t.n, p, c.Alpha())
			if binomial.Missed(low, high, t.n, not) <= binomial.FalseAlarm {
				continue
			}
			want := "nor does any number"
			if n, ok := binomial.Enough(p, not, c.Alpha(), mostRequests); ok {
				want = fmt.Sprintf("about %d do", n)
			}
			errs = append(errs, fmt.Errorf("send: %d do not tell %g %% from %g %%: %s",
				c.Send, a.percent, a.not, want))
		}
	}
	return errs
}
