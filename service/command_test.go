package service

import "testing"

func TestLoopback(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":8080":          "localhost:8080",
		"0.0.0.0:8080":   "localhost:8080",
		"[::]:8080":      "localhost:8080",
		"127.0.0.1:8080": "127.0.0.1:8080",
		"[::1]:8080":     "[::1]:8080",
		"10.1.2.3:80":    "10.1.2.3:80",
		"customer:80":    "customer:80",
	} {
		if got := loopback(listen); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
}
