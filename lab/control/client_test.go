package control_test

import (
	"errors"
	"testing"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/objects"
)

func TestNoLab(t *testing.T) {
	t.Parallel()
	c := control.NewClient(control.Folder(t.TempDir()))
	if _, err := c.Get(t.Context(), objects.Selection{Args: []string{"pods"}}); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("get: %v", err)
	}
	for _, err := range c.Logs(t.Context(), control.LogQuery{}) {
		if !errors.Is(err, control.ErrNotRunning) {
			t.Errorf("logs: %v", err)
		}
	}
	if err := c.Down(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("down: %v", err)
	}
}
