// Command recommendation is the end of the chain: it counts its answers, and can be told to
// misbehave or to be slow.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"istio-tutorial/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(service.Main(ctx, program(), service.OS()))
}
