package main

import (
	"testing"

	"istio-tutorial/lab/objects"
)

// TestCompletedKinds holds that every completed word means something, and that each kind has one
// that means it alone.
func TestCompletedKinds(t *testing.T) {
	t.Parallel()
	alone := map[string]string{}
	for _, word := range kinds() {
		picks, err := objects.Selection{Args: []string{word}}.Picks()
		if err != nil {
			t.Error(err)
		}
		if len(picks) == 1 {
			alone[picks[0].Kind.String()] = word
		}
	}
	for _, k := range objects.Kinds() {
		if alone[k.String()] == "" {
			t.Errorf("no word for %s", k)
		}
	}
	if len(alone) != len(objects.Kinds()) {
		t.Errorf("words for %d of %d kinds: %v", len(alone), len(objects.Kinds()), alone)
	}
}
