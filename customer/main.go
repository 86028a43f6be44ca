// Command customer is the front door of the chain: it answers with what preference says.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"istio-tutorial/service"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(service.Main(ctx, program(), service.OS()))
}

func program() service.Program {
	return service.Relay("customer", service.Next{
		Name:    "preference",
		Setting: "PREFERENCE_URL",
		URL:     "http://preference:8080",
		Timeout: 35 * time.Second, // more than preference's: its words on recommendation count
	})
}
