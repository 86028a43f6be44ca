package objects_test

import (
	"fmt"
	"strings"
	"testing"

	"istio-tutorial/lab/objects"
)

// TestAliasNotes holds istioctl's words about ports of an ExternalName, and at which of them nothing led in 2018.
func TestAliasNotes(t *testing.T) {
	t.Parallel()
	alias := func(port string) string {
		return "apiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec: {type: ExternalName, externalName: x.com, " +
			"ports: [{port: 80" + port + "}]}\n"
	}
	const today = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r}\nspec: {host: recommendation}\n"
	const classic = "---\napiVersion: config.istio.io/v1alpha2\nkind: EgressRule\nmetadata: {name: e}\n" +
		"spec: {destination: {service: a.b}, ports: [{port: 80, protocol: http}]}\n"
	const invalid = "IST0150 Warning Port name for ExternalName service is invalid."
	for _, c := range []struct{ text, want string }{
		{alias(", name: http") + today, ""},
		{alias(", name: foo") + today, invalid},
		{alias(", name: tcp") + today, invalid},
		{alias(", name: tcp-a") + today, ""},
		{alias(", name: http") + classic, ""},
		{alias(", name: web") + classic, " Warning port 80 never answers: in 2018 sidecars led to ports of an ExternalName that are " +
			"named http, http-…, http2 or grpc"},
	} {
		var said []string
		for _, f := range deployed(t).Analyze([]objects.File{{Name: "f", Data: []byte(c.text)}}, namespace) {
			if f.Ref.Name == "other" {
				said = append(said, fmt.Sprint(f.Code, " ", f.Level, " ", f.Text))
			}
		}
		if got := strings.Join(said, "\n"); (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s\nsaid %q, want %q", c.text, got, c.want)
		}
	}
}
