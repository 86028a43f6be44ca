package traffic

import (
	"cmp"
	"fmt"

	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/traffic/cause"
	"istio-tutorial/lab/traffic/rulebook"
)

// atDoor is the door because of which a call has no route: none of the hosts behind it is the one that was
// asked for.
func (c *Call) atDoor() *mesh.SecureDoor {
	if c.Cause != cause.NoRoute || c.choice.Host != nil {
		return nil
	}
	return c.choice.Door
}

// behind says which door took the connection of a call that has no route there, and who has its host: a
// sentence's end.
func (c *Call) behind() string {
	d := c.atDoor()
	if d == nil {
		return ""
	}
	rule, _ := c.at.Find(rulebook.Question{Part: rulebook.PartTLS, From: d.From, Field: d.Field, Client: c.client})
	named := cmp.Or(c.choice.SNI, "no host")
	if other := c.choice.OtherDoor(c.Host); other != nil {
		return fmt.Sprintf(" behind %s of Gateway %s, which took the connection: by SNI it is for %s, and %s is behind %s",
			d.Called, rule.Name, named, c.Host, other.Called)
	}
	return fmt.Sprintf(" behind %s of Gateway %s, which took the connection: by SNI it is for %s", d.Called, rule.Name, named)
}

// actsAtDoor are the rules of the ingress that sent a call to https, or took its connection where its host is not.
func (c *Call) actsAtDoor(add func(rulebook.Part, rulebook.Rule, bool)) {
	by := c.choice.ToTLS
	if d := c.atDoor(); d != nil {
		by = d.Origin
	}
	if by != (mesh.Origin{}) {
		rule, ok := c.at.Find(rulebook.Question{Part: rulebook.PartTLS, From: by.From, Field: by.Field, Client: c.client})
		add(rulebook.PartTLS, rule, ok)
	}
}
