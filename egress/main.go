// Command egress fetches an address outside the mesh and shows what it says: the image
// egresshttpbin with httpbin.org, egressgithub with api.github.com.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"

	"istio-tutorial/service"
	"istio-tutorial/service/answer"
	"istio-tutorial/service/hop"
	"istio-tutorial/service/setting"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(service.Main(ctx, program(), service.OS()))
}

// pageLimit bounds what is fetched, in bytes.
const pageLimit = 4 << 20

func program() service.Program {
	outside := hop.Next{Name: "the outside", Timeout: 30 * time.Second}
	return service.Program{
		Name:    "egress",
		About:   "shows what an address outside the mesh says",
		Declare: func(s *setting.Set) { outside.Declare(s, "EGRESS_URL", "") },
		Routes: func(r chi.Router, f service.Frame) {
			outside.Failed = f.Errors(outside.Name, hop.Causes())
			r.Get("/", show(hop.NewClient(outside, pageLimit, f.Tracer), f.Log))
		},
	}
}

// show answers with the page as it is, or with 503 and `egress => REASON`.
func show(outside *hop.Client, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page, err := outside.Get(r)
		if err == nil && page.OK() {
			answer.Write(w, http.StatusOK, page.Body)
			return
		}
		answer.Write(w, http.StatusServiceUnavailable, "egress => "+outside.Report(log, r, page, err))
	}
}
