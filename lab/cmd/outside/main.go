// Command outside answers in place of all hosts outside of a cluster: the image istio-tutorial-outside.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"istio-tutorial/lab/outside"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

const (
	plain     = ":8080"
	encrypted = ":8443"
	// ends bounds the wait for what is in flight.
	ends = 5 * time.Second
)

// run serves until ctx ends. The argument is a file with the certificate and the key of the authority that
// signs for all hosts.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "outside: want one argument: a file with a certificate and its key, in PEM")
		return 2
	}
	if err := serve(ctx, args[0], plain, encrypted); err != nil {
		fmt.Fprintf(stderr, "outside: %v\n", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, file, plain, encrypted string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ca, err := outside.ReadAuthority(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	world, err := outside.Listen(plain, encrypted, ca)
	if err != nil {
		return err
	}
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), ends)
	defer cancel()
	if err := world.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
