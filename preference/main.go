// Command preference is the middle of the chain: it answers with what recommendation says.
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
	next := hop.Next{Name: "recommendation", Timeout: 30 * time.Second}
	return service.Relay("preference", next, "RECOMMENDATION_URL", "http://recommendation:8080")
}
