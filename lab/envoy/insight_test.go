package envoy_test

import (
	"testing"

	"istio-tutorial/lab/envoy"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{"pod":"a","why":{"us":1}}` + "\n":                            `{"pod":"a"}`,
		`{"path":"/,\"why\":{","pod":"a","why":{"host":",\"why\":{"}}`: `{"path":"/,\"why\":{","pod":"a"}`,
		"2026-01-02 warning main: caught ENVOY_SIGTERM\n":              "2026-01-02 warning main: caught ENVOY_SIGTERM",
		`{"pod":"a"}`:      `{"pod":"a"}`,
		`warning ,"why":{`: `warning ,"why":{`,
	} {
		got, ok := envoy.Split([]byte(line))
		if string(got) != want || ok != (line[0] == '{' && len(line) > 12) {
			t.Errorf("%s: %s, %v", line, got, ok)
		}
	}
}

func TestParseEntry(t *testing.T) {
	t.Parallel()
	e, err := envoy.ParseEntry(`{"pod":"ns/p","status":503,"why":{"us":7,"client":"c:1","headers":{"a":null,"b":"c"}}}`)
	if err != nil || e.Pod != "ns/p" || e.Insight.Micros != 7 || e.Insight.Client != "c:1" ||
		e.Insight.Headers != `{"a":null,"b":"c"}` {
		t.Errorf("%+v, %v", e, err)
	}
	const line = `{"try":{"pod":"ns/p","status":503,"upstream":"u","duration":3}}`
	try, err := envoy.ParseTry(line)
	if err != nil || !envoy.IsTry(line) || try.Pod != "ns/p" || try.Upstream != "u" || try.Duration != 3 {
		t.Errorf("%+v, %v", try, err)
	}
	if envoy.IsTry([]byte(`{"pod":"try"}`)) {
		t.Error("a request is a try")
	}
}
