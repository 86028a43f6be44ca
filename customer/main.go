// Command customer is the front door of the chain: it answers with what preference says.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"istio-tutorial/service"
	"istio-tutorial/service/hop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(service.Main(ctx, program(), service.OS()))
}

func program() service.Program {
	// longer than preference's: what that says of recommendation counts
	next := hop.Next{Name: "preference", Timeout: 35 * time.Second}
	return service.Relay("customer", next, "PREFERENCE_URL", "http://preference:8080")
}
