package traffic

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/match"
	"istio-tutorial/lab/traffic/rulebook"
)

// mostRefused is how many connections are kept that the ingress refused. They have a place of their own: whoever
// knocks at a port again and again must not have the requests forgotten.
const mostRefused = 200

// outsider is who opens connections at the ingress.
const outsider = "client"

// refuse keeps a connection of which no request came. It is in no window: no call was made.
func (s *Store) refuse(line string) {
	e, err := envoy.ParseConnection(line)
	if err != nil || e.ID == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Time.Before(s.since.Truncate(time.Millisecond)) {
		return
	}
	if len(s.refused) == mostRefused {
		s.refused = s.refused[1:]
	}
	s.refused = append(s.refused, &record{id: e.ID, connection: e, last: s.now(), failed: true, entered: true})
}

// refused is a connection as a request with one call, which has no answer.
func refused(e *envoy.Connection, v *rulebook.Versions) *Request {
	entry := &envoy.Entry{Access: envoy.Access{Time: e.Time, Pod: e.Pod, Direction: envoy.Outbound}}
	entry.Insight.Door, entry.Insight.SNI, entry.Insight.Host = e.Door, e.SNI, e.SNI
	c := &Call{
		From: End{Workload: outsider}, To: End{Workload: e.Pod}, Began: e.Time, Method: "TLS", Host: e.SNI,
		Millis: float64(e.Duration), Flags: strings.Trim(e.Flags, "-"), Details: e.Details, address: e.Client,
	}
	if e.TLS != "" {
		c.Details = e.TLS
	}
	c.at, c.choice = v.At(entry)
	c.client = c.at.Client(e.Pod)
	c.By, c.Cause = IngressItself, cause.NoListener
	if e.TLS != "" {
		c.Cause = cause.NotSecured
	}
	if cause.BrokenOff(c.Details) {
		c.By = Nobody
	}
	c.Acts = c.actsOfConnection()
	r := &Request{
		ID: e.ID, Began: c.Began, Method: c.Method, Host: c.Host, Millis: c.Millis, Client: c.address,
		Calls: []*Call{c}, Decisive: c, Cause: c.Cause, By: c.By, Words: c.words(),
	}
	if c.By == IngressItself {
		r.At = e.Pod
	}
	r.Rule, r.Default = c.because()
	return r
}

// IsConnection reports whether it is a connection from outside of which no request came.
func (r *Request) IsConnection() bool { return len(r.Calls) > 0 && r.Calls[0].isConnection() }

// isConnection reports whether a call is a connection that the ingress refused.
func (c *Call) isConnection() bool { return c.From.Workload == outsider && c.Method == "TLS" }

// actsOfConnection is the rule that asks for the certificate that the client did not have, or has a listener for
// the host that is closed.
func (c *Call) actsOfConnection() []Act {
	var door *mesh.SecureDoor
	switch {
	case c.Cause == cause.NoListener:
		door = c.closed()
	case c.isAsked():
		door = c.choice.Door
	}
	if door == nil {
		return nil
	}
	if rule, ok := c.gatewayOf(*door); ok {
		return []Act{{rulebook.PartTLS, rule}}
	}
	return nil
}

// isAsked reports whether a connection failed for the certificate of the client.
func (c *Call) isAsked() bool {
	return c.choice.Door != nil && c.choice.Door.Clients != mesh.NoProof && cause.AboutCertificate(c.Details)
}

func (c *Call) gatewayOf(d mesh.SecureDoor) (rulebook.Rule, bool) {
	return c.at.Find(rulebook.Question{Part: rulebook.PartTLS, From: d.From, Field: d.Field, Client: c.client})
}

// peer is the client, and what it is asked for where that is what failed.
func (c *Call) peer() string {
	if !c.isAsked() {
		return "the client"
	}
	rule, _ := c.gatewayOf(*c.choice.Door)
	return fmt.Sprintf("the client, which %s of Gateway %s asks for a certificate", c.choice.Door.Called, rule.Name)
}

// listeners says why none took a connection, and which there are.
func (c *Call) listeners() string {
	if d := c.closed(); d != nil {
		rule, _ := c.gatewayOf(*d)
		return fmt.Sprintf("%s of Gateway %s, which is for the host %s, is closed: %s", d.Called, rule.Name, c.Host, d.Problem)
	}
	if c.Host == "" {
		return fmt.Sprintf("the client named no host (SNI), and no listener takes that (%s)", c.hosts())
	}
	return fmt.Sprintf("no listener is for the host %s (%s)", c.Host, c.hosts())
}

// closed is the door of the host, which lacks its Secret; nil: none.
func (c *Call) closed() *mesh.SecureDoor {
	for i, d := range c.at.Mesh.Gateway.Secure {
		if d.Problem != "" && match.TakesIn(d, c.Host) {
			return &c.at.Mesh.Gateway.Secure[i]
		}
	}
	return nil
}

// mostHosts is how many hosts of listeners a sentence names.
const mostHosts = 6

// hosts are those that there are listeners for, with their Gateways.
func (c *Call) hosts() string {
	text, before, named := "", "", 0
	for _, d := range c.at.Mesh.Gateway.Secure {
		rule, _ := c.gatewayOf(d)
		for _, host := range d.Hosts {
			switch {
			case named == mostHosts:
				return text + ", …"
			case rule.Name != before:
				text += "; Gateway " + rule.Name + ": " + host
			default:
				text += ", " + host
			}
			before, named = rule.Name, named+1
		}
	}
	return cmp.Or(strings.TrimPrefix(text, "; "), "there is none")
}
