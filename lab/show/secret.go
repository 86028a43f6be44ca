package show

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"istio-tutorial/lab/document"
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
	hideInAnnotations(d)
	text, err := document.Marshal(d)
	return string(text), err
}

// lastApplied is where kubectl keeps all that was applied, with its keys.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// hideInAnnotations leaves out of a Secret's annotations what has private keys, or may have some in base64.
func hideInAnnotations(secret fields) {
	meta, _ := secret["metadata"].(fields)
	annotations, _ := meta["annotations"].(fields)
	for name, value := range annotations {
		if text, _ := value.(string); name == lastApplied || strings.Contains(text, "PRIVATE KEY") {
			annotations[name] = hidden
		}
	}
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
