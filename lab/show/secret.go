package show

import (
	"encoding/base64"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/mesh"
)

// hidden stands in place of a private key. It is no base64, so that nobody applies it by mistake.
const hidden = "(a private key, which the lab never shows)"

// secretYAML is a Secret as kubectl prints it, without private keys.
func secretYAML(data []byte, c *mesh.Credential) (string, error) {
	var d fields
	if err := yaml.Unmarshal(data, &d); err != nil {
		return "", err
	}
	delete(d, "stringData")
	values := fields{}
	for key, value := range c.Data {
		values[key] = base64.StdEncoding.EncodeToString(value)
		if c.IsPrivate(key) {
			values[key] = hidden
		}
	}
	d["data"], d["type"] = values, c.Type
	text, err := yaml.Marshal(d)
	return string(text), err
}

// secret says of a Secret what kubectl describe does: how much it has, and not what.
func (p *page) secret(c *mesh.Credential) {
	p.say("Type", "%s", c.Type)
	p.below("Data", func() {
		for _, key := range slices.Sorted(maps.Keys(c.Data)) {
			p.say(key, "%d bytes", len(c.Data[key]))
		}
	})
}
