package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"istio-tutorial/lab/objects"
)

// fetchWithin bounds the time that a file of the web may take.
const fetchWithin = 30 * time.Second

// isURL tells an address from a file's name.
func isURL(path string) bool { return strings.Contains(path, "://") }

// fetch reads a file of the web, as much of it as one of the machine.
func fetch(address string) (objects.File, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return objects.File{}, err
	case u.Scheme != "http" && u.Scheme != "https":
		return objects.File{}, fmt.Errorf("%s: want http:// or https://", u.Redacted())
	}
	name := u.Redacted()
	ctx, cancel := context.WithTimeoutCause(context.Background(), fetchWithin,
		fmt.Errorf("no answer within %v", fetchWithin))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return objects.File{}, fmt.Errorf("%s: %w", name, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok { // the name is said once
			err = inner.Err
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return objects.File{}, fmt.Errorf("%s: %w", name, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return objects.File{}, fmt.Errorf("%s: %s", name, answer.Status)
	}
	return readFrom(name, answer.Body)
}
