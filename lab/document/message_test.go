package document_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"istio-tutorial/lab/document"
)

func schema() document.Schema {
	return document.Schema{
		Refused: func(path string) error {
			if path == "spec.tcp" {
				return errors.New("not supported")
			}
			return nil
		},
		Shortest: func(string) time.Duration { return time.Millisecond },
		Own:      []string{"mirror_percent"},
	}
}

func decodeMessage(t *testing.T, spec string) (*networking.VirtualService, string) {
	t.Helper()
	docs, err := document.Parse("m.yml", strings.NewReader("metadata: {name: m}\napiVersion: a\nkind: b\n"+spec))
	if err != nil {
		t.Fatal(err)
	}
	message := &networking.VirtualService{}
	if err := docs[0].DecodeMessage("spec", message, schema()).OrNil(); err != nil {
		return message, err.Error()
	}
	return message, ""
}

func TestDecodeMessage(t *testing.T) {
	t.Parallel()
	got, problems := decodeMessage(t, `spec:
  hosts: [a]
  gateways: null
  http:
  - timeout: 1m30s
    mirror_percent: 10
    retries: {attempts: 2, retryIgnorePreviousHosts: false}
    headers: {request: {set: {a.b: c}}}
    route: [{destination: {host: h}, weight: 1e1}]
`)
	if problems != "" {
		t.Fatal(problems)
	}
	r := got.Http[0]
	if r.Timeout.AsDuration() != 90*time.Second || r.Route[0].Weight != 10 ||
		r.MirrorPercent.GetValue() != 10 || //nolint:staticcheck // deprecated, and accepted
		r.Retries.RetryIgnorePreviousHosts.GetValue() || r.Headers.Request.Set["a.b"] != "c" {
		t.Errorf("got %v", got)
	}
}

func TestDecodeMessageNamesProblems(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"spec: a":                                     `m.yml:4: spec: want a mapping, not the string "a"`,
		"spec: {host: [a]}":                           "m.yml:4: spec.host: unknown field",
		"spec: {export_to: [a]}":                      "m.yml:4: spec.export_to: unknown field; did you mean exportTo?",
		"spec: {tcp: []}":                             "m.yml:4: spec.tcp: not supported",
		"spec: {hosts: a}":                            `m.yml:4: spec.hosts: want a list, not the string "a"`,
		"spec: {hosts: [null]}":                       "m.yml:4: spec.hosts[0]: want a string, not nothing",
		"spec:\n  http:\n  - timeout: 1":              "m.yml:6: spec.http[0].timeout: want a duration such as 1s, 500ms or 1m30s, not the number 1",
		"spec:\n  http:\n  - timeout: 1us":            "m.yml:6: spec.http[0].timeout: want a duration of at least 1ms, not 1us",
		"spec:\n  http:\n  - route:\n    - weight: 1": "m.yml:7: spec.http[0].route[0].destination: missing",
		"spec:\n  http:\n  - match: [{uri: {exact: a, prefix: b}}]": "m.yml:6: spec.http[0].match[0].uri.prefix: " +
			"only one of exact and prefix can be set",
		"spec:\n  http:\n  - redirect: {derivePort: A}": "m.yml:6: spec.http[0].redirect.derivePort: " +
			`want one of FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT, not the string "A"`,
		"spec:\n  http:\n  - redirect: {redirectCode: -1}": "m.yml:6: spec.http[0].redirect.redirectCode: " +
			"want a whole number of 0 or more, not the number -1",
	} {
		if _, got := decodeMessage(t, spec); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", spec, got, want)
		}
	}
}
