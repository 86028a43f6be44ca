package book

import "testing"

func TestTitle(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Check{
		"waiting until p ejections is 0": {WaitFor: Amounts{{Of: "p ejections", Text: "0"}}},
		"20 requests":                    {Send: 20, AtOnce: 1},
		"5 requests, 5 at once, Host: shop.example, User-Agent: Safari": {
			Send: 5, AtOnce: 5, Headers: map[string]string{"User-Agent": "Safari", "Host": "shop.example"},
		},
		"3 requests from egress to http://httpbin.org/": {Send: 3, From: "egress", To: "http://httpbin.org/"},
	} {
		if got := c.Title().String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
