package objects

import (
	"fmt"

	"istio-tutorial/lab/rules/convert"
)

// Convert says the rules, which must be of 2018, in the words of an edition of today. The error,
// an *Error, names each rule that cannot be said.
func (s Set) Convert(to Edition) ([]byte, error) {
	rules := s.Rules()
	if len(rules) == 0 {
		return nil, invalid(fmt.Errorf("no rule to convert"))
	}
	var problems Error
	for _, o := range rules {
		if o.dialect != 0 {
			problems.add(Invalid, fmt.Errorf("%s%s is of today already", o.place(), o.resource()))
		}
	}
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	say := convert.V1
	if to == GatewayAPI {
		say = convert.GatewayAPI
	}
	text, err := say(s.rulesOf(0), s.Expected())
	if err != nil {
		problems.add(Invalid, err)
	}
	return text, problems.orNil()
}
