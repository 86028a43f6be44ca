package pods

import (
	"context"
	"fmt"
	"iter"

	"istio-tutorial/lab/journal"
	"istio-tutorial/lab/mesh"
)

// Logs yields the lines that a pod's program prints.
func (m *Manager) Logs(
	ctx context.Context, name mesh.Name, q journal.Query,
) (iter.Seq[string], error) {
	m.mu.Lock()
	p := m.find(name)
	m.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("pod %s: %w", name, ErrNotFound)
	}
	lines, err := p.journal.Lines(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", name, err)
	}
	return lines, nil
}
