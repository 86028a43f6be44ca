package envoy_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"istio-tutorial/lab/envoy"
)

func TestParseAccess(t *testing.T) {
	t.Parallel()
	a, err := envoy.ParseAccess([]byte(`{"time":"2026-01-02T03:04:05.678Z","pod":"ns/p","status":503,
		"flags":"UO","cluster":null,"attempts":1,"headers":{"a":null,"b":"c"}}`))
	if err != nil {
		t.Fatal(err)
	}
	c := "c"
	want := envoy.Access{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC), Pod: "ns/p", Status: 503, Flags: "UO",
		Attempts: 1, Headers: map[string]*string{"a": nil, "b": &c},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got %+v, want %+v", a, want)
	}
}

func FuzzParseAccess(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-02T03:04:05.678Z","pod":"ns/p","status":503,"headers":{"a":null}}`))
	f.Add([]byte(`{"status":null,"cluster":null}`))
	f.Add([]byte(`{"status":"x"}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := envoy.ParseAccess(line)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "access log: ") {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := envoy.ParseAccess(again); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %+v, then %+v, %v", line, a, b, err)
		}
	})
}
