package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Command is what a program can be told instead of serving: one request, to the instance that
// runs beside it. Images have no shell and no curl, so the programs ask themselves.
type Command struct {
	Method string
	Path   func(args []string) (string, error) // path, or absolute address
}

// commandTimeout bounds a command; a lesson's longest delay is 7 s.
const commandTimeout = time.Minute

func runCommand(ctx context.Context, p Program, in Process, s settings, args []string) int {
	cmd, found := Command{http.MethodGet, getPath}, args[0] == "get"
	if !found && p.Command != nil {
		cmd, found = p.Command(args[0])
	}
	if !found {
		return complain(in, p, misused, fmt.Errorf("%s: no such command; -h lists them", args[0]))
	}
	path, err := cmd.Path(args[1:])
	if err != nil {
		return complain(in, p, misused, fmt.Errorf("%s: %w", args[0], err))
	}
	if strings.HasPrefix(path, "/") {
		path = "http://" + loopback(s.listen) + path
	}
	if err := request(ctx, in.Stdout, cmd.Method, path); err != nil {
		return complain(in, p, failed, err)
	}
	return ok
}

func getPath(args []string) (string, error) {
	if len(args) != 1 {
		return "", errors.New("one address is needed, such as http://httpbin.org/headers or /health")
	}
	if !strings.Contains(args[0], "://") && !strings.HasPrefix(args[0], "/") {
		return "http://" + args[0], nil
	}
	return args[0], nil
}

// NoArguments returns the Path of a command that takes none.
func NoArguments(path string) func([]string) (string, error) {
	return func(args []string) (string, error) {
		if len(args) > 0 {
			return "", errors.New("takes no arguments")
		}
		return path, nil
	}
}

// loopback returns the address at which a process on this machine, or in this pod, reaches listen.
func loopback(listen string) string {
	host, port, _ := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func request(ctx context.Context, out io.Writer, method, url string) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(out, res.Body); err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}
