package setting_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"istio-tutorial/service/setting"
)

// parser runs the parser that parse returns, and shows what it stored.
func parser[T any](parse func(*T) func(string) error) func(string) (string, error) {
	return func(v string) (string, error) {
		var stored T
		err := parse(&stored)(v)
		return fmt.Sprint(stored), err
	}
}

func TestParsers(t *testing.T) {
	t.Parallel()
	parsers := map[string]func(string) (string, error){
		"address":       parser(setting.Address),
		"address, off":  parser(setting.AddressOrOff),
		"port":          parser(setting.Port),
		"duration":      parser(setting.Duration),
		"url":           parser(setting.URL),
		"url, optional": parser(setting.OptionalURL),
		"number":        parser(setting.Number),
		"count":         parser(setting.Count),
		"bool":          parser(setting.Bool),
		"one of":        parser(func(p *string) func(string) error { return setting.OneOf(p, "a", "b") }),
	}
	const ( // what the wrong ones are called
		port  = "not a port"
		dur   = "not a duration such as 3s or 500ms"
		addr  = "not an http or https address"
		num   = "not a number"
		count = "not a whole number"
		word  = "not one of a, b"
	)
	for _, c := range []struct{ parser, value, want, wrong string }{
		{"address", "8080", ":8080", ""},
		{"address", "0", ":0", ""},
		{"address", "65535", ":65535", ""},
		{"address", "host:8080", "host:8080", ""},
		{"address", ":8080", ":8080", ""},
		{"address", "[::1]:80", "[::1]:80", ""},
		{"address", "65536", "", port},
		{"address", "80a", "", port},
		{"address", "08080", "", port},
		{"address", "+80", "", port},
		{"address", "-1", "", port},
		{"address", " 80", "", port},
		{"address", "8_0", "", port},
		{"address", "http", "", port},
		{"address", "host:", "", port},
		{"address", "host:http", "", port},
		{"address", "::1", "", port},
		{"address", "http://host:80", "", port},
		{"address", "", "", port},
		{"address, off", "off", "", ""},
		{"address, off", "9779", ":9779", ""},
		{"address, off", "OFF", "", port},
		{"address, off", "", "", port},
		{"port", "6831", "6831", ""},
		{"port", "h:6831", "", port},
		{"duration", "3s", "3s", ""},
		{"duration", "0", "0s", ""},
		{"duration", "1h2m3.5s", "1h2m3.5s", ""},
		{"duration", "3", "", dur},
		{"duration", "-3s", "", dur},
		{"duration", "3 s", "", dur},
		{"duration", "9999999h", "", dur},
		{"duration", "", "", dur},
		{"url", "http://preference:8080", "http://preference:8080", ""},
		{"url", "HTTPS://api.github.com/users?x=1", "https://api.github.com/users?x=1", ""},
		{"url", "http://[::1]:80/a", "http://[::1]:80/a", ""},
		{"url", "preference:8080", "", addr},
		{"url", "ftp://preference", "", addr},
		{"url", "//preference", "", addr},
		{"url", "http://", "", addr},
		{"url", "http://:8080", "", addr},
		{"url", "http://preference:80a", "", addr},
		{"url", "http://preference:99999", "", addr},
		{"url", "http://pre ference", "", addr},
		{"url", "http://preference\n", "", addr},
		{"url", "", "", addr},
		{"url, optional", "", "<nil>", ""},
		{"url, optional", "http://h/api", "http://h/api", ""},
		{"url, optional", "h", "", addr},
		{"number", "0.5", "0.5", ""},
		{"number", "-1", "-1", ""},
		{"number", "NaN", "", num},
		{"number", "Inf", "", num},
		{"number", "1,5", "", num},
		{"number", "", "", num},
		{"count", "20000", "20000", ""},
		{"count", "0", "0", ""},
		{"count", "-1", "", count},
		{"count", "1.5", "", count},
		{"count", "2147483648", "", count},
		{"bool", "true", "true", ""},
		{"bool", "0", "false", ""},
		{"bool", "yes", "", "not true or false"},
		{"one of", "b", "b", ""},
		{"one of", "B", "", word},
		{"one of", "", "", word},
	} {
		got, err := parsers[c.parser](c.value)
		switch {
		case c.wrong == "" && (err != nil || got != c.want):
			t.Errorf("%s %q: got %q, %v, want %q", c.parser, c.value, got, err, c.want)
		case c.wrong != "" && (err == nil || err.Error() != c.wrong):
			t.Errorf("%s %q: got %q, %v, want %q", c.parser, c.value, got, err, c.wrong)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"3s", "0", "-1s", "1h2m", "3", "9999999h", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		var d, again time.Duration
		if err := setting.Duration(&d)(v); err != nil {
			return
		}
		if err := setting.Duration(&again)(d.String()); err != nil || d < 0 || again != d {
			t.Errorf("%q reads as %v, and that as %v, %v", v, d, again, err)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"http://h:8080", "https://u:p@h/a?b#c", "http://:80", "http://[::1]:0", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		var u, again *url.URL
		if err := setting.URL(&u)(v); err != nil {
			return
		}
		if u.Hostname() == "" {
			t.Errorf("%q has no host", v)
		}
		if err := setting.URL(&again)(u.String()); err != nil || again.Host != u.Host {
			t.Errorf("%q reads as %v, and that as %v, %v", v, u, again, err)
		}
	})
}
