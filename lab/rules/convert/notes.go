package convert

import (
	"maps"
	"slices"

	"istio-tutorial/lab/mesh"
)

// noteList is comments, each once.
type noteList map[string]bool

func (n noteList) add(text string) { n[text] = true }

func (n noteList) sorted() []string { return slices.Sorted(maps.Keys(n)) }

const mirrorNote = "A mirrored request keeps its host; in 2018 it was HOST-shadow."

const turnNote = "Today's default is the less busy of two pods; 2018 took them in turn, which " +
	"loadBalancer: {simple: ROUND_ROBIN} of a DestinationRule does."

func (n noteList) perTry(r mesh.Route) {
	if r.Retry.PerTry > 0 && r.Timeout == 0 {
		n.add("Istio 0.7.1 ignored perTryTimeout without httpReqTimeout; today it acts.")
	}
}

func (n noteList) websocket(r mesh.Route) {
	if !r.NoWebsocket {
		n.add("Today's sidecars let every client change to WebSocket; no field is needed.")
	}
}
