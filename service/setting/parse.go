package setting

import (
	"errors"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String takes any value.
func String(p *string) func(string) error {
	return func(v string) error {
		*p = v
		return nil
	}
}

// OneOf takes one of the words.
func OneOf(p *string, words ...string) func(string) error {
	return func(v string) error {
		*p = v
		if !slices.Contains(words, v) {
			return errors.New("not one of " + strings.Join(words, ", "))
		}
		return nil
	}
}

// Address takes a port, for all of the machine's addresses, or host:port, and stores
// host:port. Port 0 lets the system choose.
func Address(p *string) func(string) error {
	return func(v string) error {
		host, port, err := net.SplitHostPort(v)
		if err != nil {
			host, port = "", v
		}
		*p = net.JoinHostPort(host, port)
		return checkPort(port)
	}
}

// Port takes a port number.
func Port(p *string) func(string) error {
	return func(v string) error {
		*p = v
		return checkPort(v)
	}
}

func checkPort(v string) error {
	if n, err := strconv.ParseUint(v, 10, 16); err != nil || strconv.FormatUint(n, 10) != v {
		return errors.New("not a port")
	}
	return nil
}

// AddressOrOff takes what Address does, or the word off, which it stores as the empty string.
func AddressOrOff(p *string) func(string) error {
	address := Address(p)
	return func(v string) error {
		if v == "off" {
			*p = ""
			return nil
		}
		return address(v)
	}
}

// Duration takes a Go duration that is not negative.
func Duration(p *time.Duration) func(string) error {
	return func(v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return errors.New("not a duration such as 3s or 500ms")
		}
		*p = d
		return nil
	}
}

// URL takes an absolute http or https address.
func URL(p **url.URL) func(string) error {
	return func(v string) error {
		u, err := url.Parse(v)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
			u.Port() != "" && checkPort(u.Port()) != nil {
			return errors.New("not an http or https address")
		}
		*p = u
		return nil
	}
}

// OptionalURL takes what URL does, or nothing, which leaves nil.
func OptionalURL(p **url.URL) func(string) error {
	parse := URL(p)
	return func(v string) error {
		if v == "" {
			return nil
		}
		return parse(v)
	}
}

// Number takes a finite number.
func Number(p *float64) func(string) error {
	return func(v string) (err error) {
		*p, err = strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(*p) || math.IsInf(*p, 0) {
			return errors.New("not a number")
		}
		return nil
	}
}

// Count takes a whole number that is not negative.
func Count(p *int) func(string) error {
	return func(v string) error {
		n, err := strconv.ParseUint(v, 10, 31)
		if err != nil {
			return errors.New("not a whole number")
		}
		*p = int(n)
		return nil
	}
}

// Bool takes true or false.
func Bool(p *bool) func(string) error {
	return func(v string) (err error) {
		if *p, err = strconv.ParseBool(v); err != nil {
			return errors.New("not true or false")
		}
		return nil
	}
}
