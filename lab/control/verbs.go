package control

import (
	"context"

	"istio-tutorial/lab/objects"
)

// Patch changes objects in part, and returns when the proxy has acknowledged it.
func (c *Client) Patch(ctx context.Context, q PatchQuery) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "patch", q)
}

// Mark sets labels or annotations, as Patch does.
func (c *Client) Mark(ctx context.Context, q MarkQuery) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "mark", q)
}

// SetImage sets images. It does not wait for the pods, as Rollout does.
func (c *Client) SetImage(ctx context.Context, q SetImage) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "set-image", q)
}

// Undo gives Deployments an earlier template. It does not wait for the pods, as Rollout does.
func (c *Client) Undo(ctx context.Context, q UndoQuery) ([]objects.Result, error) {
	return ask[[]objects.Result](ctx, c, "undo", q)
}

// History are the templates that Deployments have and had.
func (c *Client) History(ctx context.Context, s objects.Selection) ([]History, error) {
	return ask[[]History](ctx, c, "history", s)
}
