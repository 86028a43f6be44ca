package objects

import (
	"encoding/json"

	"istio-tutorial/lab/rules/gatewayapi"
)

// Status is what a cluster writes below status of a rule, once all pods run: fields as JSON has them; nil where it
// writes nothing.
func (s Set) Status(o Object) (map[string]any, error) {
	if o.rule == nil || group(o.APIVersion) != gatewayapi.Group {
		return nil, nil
	}
	set := s.rulesOf(o.dialect)
	r, _ := set.Get(o.rule.Key)
	status := gatewayapi.Status(set, s.Expected(), &r)
	if status == nil {
		return nil, nil
	}
	data, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	return fields, json.Unmarshal(data, &fields)
}
