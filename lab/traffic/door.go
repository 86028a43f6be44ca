package traffic

import (
	"cmp"
	"fmt"
	"slices"

	"istio-tutorial/lab/envoy"
	"istio-tutorial/lab/mesh"
)

// doorOf is the door at which the ingress took an encrypted connection; nil: it came in plain text, or the door
// is not there any more.
func doorOf(out mesh.Outbound, e *envoy.Entry) *mesh.SecureDoor {
	i := slices.IndexFunc(out.Secure, func(d mesh.SecureDoor) bool { return d.Name == e.Insight.Door })
	if i < 0 {
		return nil
	}
	return &out.Secure[i]
}

// sends reports whether a rule sends all to https that come in plain text, as this call does.
func (c choice) sends() bool { return c.toTLS != mesh.Origin{} }

// atDoor is the door because of which a call has no route: none of the hosts behind it is the one that was
// asked for.
func (c *Call) atDoor() *mesh.SecureDoor {
	if c.Cause != NoRoute || c.choice.host != nil {
		return nil
	}
	return c.choice.door
}

// behind says which door took the connection of a call that has no route there, and who has its host: a
// sentence's end.
func (c *Call) behind() string {
	d := c.atDoor()
	if d == nil {
		return ""
	}
	rule, _ := c.at.Find(Question{Part: PartTLS, From: d.From, Field: d.Field, Client: c.client})
	named := cmp.Or(c.choice.sni, "no host")
	if other := c.otherDoor(d); other != nil {
		return fmt.Sprintf(" behind %s of Gateway %s, which took the connection: by SNI it is for %s, and %s is behind %s",
			d.Called, rule.Name, named, c.Host, other.Called)
	}
	return fmt.Sprintf(" behind %s of Gateway %s, which took the connection: by SNI it is for %s", d.Called, rule.Name, named)
}

// otherDoor is the one that has the host of a call; nil: none.
func (c *Call) otherDoor(than *mesh.SecureDoor) *mesh.SecureDoor {
	for i, d := range c.choice.out.Secure {
		if d.Name != than.Name && hostOf(d.Routed, c.Host) >= 0 {
			return &c.choice.out.Secure[i]
		}
	}
	return nil
}

// actsAtDoor are the rules of the ingress that sent a call to https, or took its connection where its host is not.
func (c *Call) actsAtDoor(add func(Part, Rule, bool)) {
	by := c.choice.toTLS
	if d := c.atDoor(); d != nil {
		by = d.Origin
	}
	if by != (mesh.Origin{}) {
		rule, ok := c.at.Find(Question{Part: PartTLS, From: by.From, Field: by.Field, Client: c.client})
		add(PartTLS, rule, ok)
	}
}
