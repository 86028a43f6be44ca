package setting_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"istio-tutorial/service/setting"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestFlagBeatsVariableBeatsDefault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, variable string
		args           []string
		want           string
	}{
		{"default", "", nil, "by default"},
		{"variable", "by variable", nil, "by variable"},
		{"flag", "", []string{"-next-hop=by flag"}, "by flag"},
		{"flag and variable", "by variable", []string{"-next-hop", "by flag"}, "by flag"},
		{"flag equal to the default", "by variable", []string{"-next-hop", "by default"}, "by default"},
		{"empty flag", "by variable", []string{"-next-hop="}, ""},
		{"two hyphens", "", []string{"--next-hop", "by flag"}, "by flag"},
		{"last flag", "", []string{"-next-hop=1", "-next-hop=2"}, "2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got string
			s := setting.New("test", env("NEXT_HOP", c.variable))
			s.Add("NEXT_HOP", "by default", "", setting.String(&got))
			rest, err := s.Parse(append(c.args, "get", "-x"))
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if !slices.Equal(rest, []string{"get", "-x"}) {
				t.Errorf("the arguments are %q", rest)
			}
		})
	}
}

func TestAllWrongAreNamed(t *testing.T) {
	t.Parallel()
	var text string
	var d time.Duration
	s := setting.New("test", env("LISTEN_ON", "80a", "DRAIN", "soon", "VERSION", "v1"))
	s.Add("LISTEN_ON", "8080", "", setting.Address(&text))
	s.Add("VERSION", "v1", "", setting.String(&text))
	s.Add("DRAIN", "2s", "", setting.Duration(&d))
	s.Add("LOG_FORMAT", "json", "", setting.OneOf(&text, "text", "json"))
	_, err := s.Parse([]string{"-log-format", "x\ny"})
	want := `LISTEN_ON: "80a": not a port` + "\n" +
		`DRAIN: "soon": not a duration such as 3s or 500ms` + "\n" +
		`-log-format: "x\ny": not one of text, json`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ arg, want string }{
		{"-nope", "flag provided but not defined: -nope"},
		{"-listen-on", "flag needs an argument: -listen-on"},
		{"-h", setting.ErrHelp.Error()},
		{"--help", setting.ErrHelp.Error()},
	} {
		var text string
		s := setting.New("test", env())
		s.Add("LISTEN_ON", "8080", "", setting.Address(&text))
		_, err := s.Parse([]string{c.arg})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.arg, err, c.want)
		}
		if help := strings.Contains(c.arg, "-h"); errors.Is(err, setting.ErrHelp) != help {
			t.Errorf("%s: %v is a call for help: %v", c.arg, err, !help)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var text string
	s := setting.New("test", env("LISTEN_ON", "1"))
	s.Add("LISTEN_ON", "8080", "port to serve on", setting.Address(&text))
	s.Add("EGRESS_URL", "", "what to fetch", setting.String(&text))
	var out strings.Builder
	s.Help(&out)
	const want = `  -listen-on, $LISTEN_ON
        port to serve on (default 8080)
  -egress-url, $EGRESS_URL
        what to fetch
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// FuzzParse holds that whatever is set, a wrong value takes one line, and an address that is
// taken can be listened on or dialled as far as its form goes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "8080", "80a", "host:8080", "[::1]:80", "65536", "off", "a\nb:80", "[a"} {
		f.Add(seed, seed, true)
		f.Add(seed, "3s", false)
	}
	f.Fuzz(func(t *testing.T, address, duration string, asFlag bool) {
		var a, again string
		var d time.Duration
		getenv, args := env("LISTEN_ON", address, "DRAIN", duration), []string(nil)
		if asFlag {
			getenv, args = env(), []string{"-listen-on=" + address, "-drain=" + duration}
		}
		s := setting.New("test", getenv)
		s.Add("LISTEN_ON", "8080", "", setting.Address(&a))
		s.Add("DRAIN", "2s", "", setting.Duration(&d))
		_, err := s.Parse(args)
		if d < 0 {
			t.Errorf("a negative duration: %v", d)
		}
		if err != nil {
			if n := strings.Count(err.Error(), "not a "); n != strings.Count(err.Error(), "\n")+1 {
				t.Errorf("not a line for each of the wrong ones: %q", err)
			}
			return
		}
		if _, _, err := net.SplitHostPort(a); err != nil {
			t.Errorf("%q is stored as %q: %v", address, a, err)
		}
		if err := setting.Address(&again)(a); err != nil || again != a {
			t.Errorf("%q reads as %q, and that as %q, %v", address, a, again, err)
		}
	})
}
