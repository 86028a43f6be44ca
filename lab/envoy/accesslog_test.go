package envoy_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
)

func TestParseAccess(t *testing.T) {
	t.Parallel()
	a, err := envoy.ParseAccess(`{"time":"2026-01-02T03:04:05.678Z","pod":"ns/p","status":503,
		"flags":"UO","cluster":null,"attempts":1,"headers":{"b":"c","a":null}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := envoy.Access{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC), Pod: "ns/p", Status: 503, Flags: "UO",
		Attempts: 1, Headers: `{"a":null,"b":"c"}`,
	}
	if !reflect.DeepEqual(*a, want) {
		t.Errorf("got %+v, want %+v", a, want)
	}
}

// written is a line as Envoy writes it.
const written = `{"attempts":1,"authority":"a","cluster":"c","details":"d","direction":"inbound","duration":11,"flags":"-",` +
	`"headers":{"a":null,"b":"\"c\""},"method":"GET","path":"/\u0001é","pod":"ns/p","request":"r","route":"o","status":200,` +
	`"time":"2026-01-02T03:04:05.678Z","trace":null,"upstream":"u"`

// FuzzParseEntry reads lines as what they are, JSON, too: both must agree, or fail.
func FuzzParseEntry(f *testing.F) {
	const why = `,"why":{"claims":null,"client":"127.0.0.1:1","headers":{},"host":"h","peer":"=-","scheme":"http","us":7}}`
	for _, line := range []string{
		written + why, written + why + "\n", written + "}", written + why + "}", written,
		`{"time":"2026-01-02T03:04:05.678Z","pod":"ns/p","status":503,"headers":{"a":null}}`,
		`{"status":null,"cluster":null}`, `{"status":"x"}`, ``,
		strings.Replace(written+why, "503", "0503", 1),
		strings.Replace(written+why, "200", "", 1),
		strings.Replace(written+why, `"b":`, `"a":`, 1),
		strings.Replace(written+why, `null,"b"`, `null,,"b"`, 1),
		strings.Replace(written+why, `\"c\""}`, `\"c\"",}`, 1),
		strings.Replace(written+why, `"claims":null`, `"claims":{"a":{"b":["c"]}}`, 1),
		strings.Replace(written+why, `"claims":null,`, "", 1),
		strings.Replace(written+why, `"client":"127.0.0.1:1",`, "", 1),
		strings.Replace(strings.Replace(written+why, `"headers"`, `"door":"gw|https","headers"`, 1), `,"us"`, `,"sni":null,"us"`, 1),
		strings.Replace(written+why, `"u"`, `"\ud800\q"`, 1),
		strings.Replace(written+why, `"u"`, "\"\xff\x01\"", 1),
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, err := envoy.ParseEntry(line)
		var want envoy.Entry
		wantErr := json.Unmarshal([]byte(line), &want)
		if (err == nil) != (wantErr == nil) || err != nil && !strings.HasPrefix(err.Error(), "access log: ") {
			t.Fatalf("%s: error %v, of JSON %v", line, err, wantErr)
		}
		if err != nil {
			return
		}
		got.Headers, got.Insight.Headers = normal(got.Headers), normal(got.Insight.Headers)
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	})
}

// normal has each header once, in order.
func normal(h envoy.Headers) envoy.Headers {
	if h != "" {
		_ = h.UnmarshalJSON([]byte(h)) // it is as it was where that fails
	}
	return h
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, line := range []string{written + "}", written + " }"} { // as Envoy writes it, and as others may
		a, err := envoy.ParseAccess(line)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"a": " false true", "b": `"c" true true`, "c": " false false"} {
			value, had, kept := a.Headers.Get(name)
			if got := fmt.Sprintf("%s %v %v", value, had, kept); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// TestParseTry reads a line as Envoy writes it, and one that any other might: both say the same.
func TestParseTry(t *testing.T) {
	t.Parallel()
	const line = `{"try":{"cluster":"c","details":null,"duration":3,"flags":"UF","pod":"n/p","request":"id","status":503,` +
		`"time":"2026-01-02T03:04:05.678Z","upstream":"u\"v"}}`
	want, err := envoy.ParseTry(strings.ReplaceAll(line, ",", ", ")) // with blanks, which Envoy does not write
	if err != nil || want.Status != 503 || want.Upstream != `u"v` || want.Duration != 3 {
		t.Fatalf("%+v, %v", want, err)
	}
	for _, l := range []string{line, line + "\n"} {
		if got, err := envoy.ParseTry(l); err != nil || *got != *want {
			t.Errorf("%+v, want %+v; %v", got, want, err)
		}
	}
	if _, err := envoy.ParseTry(line[:len(line)-1]); err == nil {
		t.Error("half a line is one")
	}
}
