package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"istio-tutorial/service/servicetest"
)

func start(t *testing.T, env map[string]string) *servicetest.Instance {
	t.Helper()
	return servicetest.Start(t, program(), env)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const (
		misbehaves = "recommendation misbehavior from '785465d9cd-ldc6j'\n"
		will503    = "Following requests to '/' will return a 503\n"
		will200    = "Following requests to '/' will return a 200\n"
	)
	counts := func(n int) string { return fmt.Sprintf("recommendation v2 from '785465d9cd-ldc6j': %d\n", n) }
	s := start(t, map[string]string{"VERSION": "v2", "HOSTNAME": "recommendation-v2-785465d9cd-ldc6j"})
	for i, c := range []struct { // in this order
		path   string
		status int
		body   string
	}{
		{"/", 200, counts(1)}, {"/?a=b", 200, counts(2)},
		{"/behave", 200, will200}, {"/", 200, counts(3)},
		{"/misbehave", 200, will503}, {"/", 503, misbehaves}, {"/", 503, misbehaves},
		{"/misbehave", 200, will503}, {"/", 503, misbehaves},
		{"/health", 200, "{\"status\":\"UP\"}\n"}, {"/health/ready", 200, "{\"status\":\"UP\"}\n"},
		{"/behave", 200, will200}, {"/", 200, counts(1)}, {"/", 200, counts(2)},
		{"/misbehave", 200, will503}, {"/behave", 200, will200}, {"/", 200, counts(3)}, // nobody asked meanwhile
		{"/nope", 404, "404 page not found\n"}, {"/timeout", 405, "Method Not Allowed\n"}, {"/", 200, counts(4)},
	} {
		if got := servicetest.Get(t, s.URL+c.path); got.Status != c.status || got.Body != c.body {
			t.Errorf("%d. %s: got %d %q, want %d %q", i+1, c.path, got.Status, got.Body, c.status, c.body)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	if got := servicetest.Get(t, s.URL).Body; got != "recommendation v1 from 'unknown': 1\n" {
		t.Errorf("got %q", got)
	}
}

func TestShortHost(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"recommendation-v1-6fc97476f8-m2ntp":    "6fc97476f8-m2ntp",
		"recommendation-v10-abcdef":             "abcdef",
		"recommendation-v1-":                    "",
		"recommendation-v-abcdef":               "recommendation-v-abcdef",
		"recommendation-v1":                     "recommendation-v1",
		"recommendation-6fc97476f8-m2ntp":       "recommendation-6fc97476f8-m2ntp",
		"my-recommendation-v1-abcdef":           "my-recommendation-v1-abcdef",
		"recommendation-v1-recommendation-v2-a": "recommendation-v2-a",
		"localhost":                             "localhost",
		"":                                      "",
	} {
		if got := shortHost(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestConcurrentAnswersCountOnce(t *testing.T) {
	t.Parallel()
	const callers, each = 8, 25
	s := start(t, nil)
	numbers := make(chan int, callers*each)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				got := <-servicetest.Later(servicetest.Request(t.Context(), t, s.URL))
				n := 0
				if _, err := fmt.Sscanf(got.Body, "recommendation v1 from 'unknown': %d\n", &n); err != nil {
					t.Errorf("got %+v, %v", got, err)
				}
				numbers <- n
			}
		})
	}
	all.Wait()
	close(numbers)
	got := slices.Sorted(func(yield func(int) bool) {
		for n := range numbers {
			if !yield(n) {
				return
			}
		}
	})
	for i, n := range got {
		if n != i+1 {
			t.Fatalf("not every number once: %v", got)
		}
	}
}

// The toggles may come while requests are under way. What holds is the end.
func TestConcurrentToggles(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var all sync.WaitGroup
	for _, path := range []string{"/", "/misbehave", "/behave", "/timeout?d=1ms", "/timeout?d=0s"} {
		method := http.MethodGet
		if strings.HasPrefix(path, "/timeout") {
			method = http.MethodPut
		}
		all.Go(func() {
			for range 20 {
				req := servicetest.Request(t.Context(), t, s.URL+path)
				req.Method = method
				if got := <-servicetest.Later(req); got.Err != nil || got.Status != 200 && got.Status != 503 {
					t.Errorf("%s %s: got %+v", method, path, got)
				}
			}
		})
	}
	all.Wait()
	servicetest.Get(t, s.URL+"/misbehave")
	servicetest.Get(t, s.URL)
	servicetest.Get(t, s.URL+"/behave")
	if got := servicetest.Get(t, s.URL).Body; got != "recommendation v1 from 'unknown': 1\n" {
		t.Errorf("got %q", got)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	s := start(t, map[string]string{"HOSTNAME": "recommendation-v1-abc"})
	for _, path := range []string{"/", "/", "/misbehave", "/", "/behave", "/"} {
		servicetest.Get(t, s.URL+path)
	}
	s.End()
	var got []string
	for _, line := range append(s.Log("recommendation v1"), s.Log("recommendation misbehaves")...) {
		got = append(got, fmt.Sprint(line["level"], " ", line["host"], " ", line["count"]))
	}
	if want := []string{"INFO abc 1", "INFO abc 2", "INFO abc 1", "WARN abc 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
