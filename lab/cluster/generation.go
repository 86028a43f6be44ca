package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
)

// key is what istiod's store calls the object; namespace is that of the Tools.
func (c Change) key(namespace string) string {
	return cmp.Or(c.Namespace, namespace) + "/" + c.Resource + "/" + c.Name
}

// generations are the changed objects as the API server has them, by key; those that are gone are left out.
func (t Tools) generations(ctx context.Context, changes []Change) (map[string]stored, error) {
	all := map[string]stored{}
	for _, c := range changes {
		if c.Deleted {
			continue
		}
		line := Line{Tool: Kubectl, Args: []string{"get", c.Resource, c.Name, "--ignore-not-found", "-o", "json"}}
		if c.Namespace != "" {
			line.Args = append(line.Args, "-n", c.Namespace)
		}
		text, err := t.Output(ctx, "", line)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue
		}
		var object struct {
			Metadata struct {
				ResourceVersion string `json:"resourceVersion"`
				Generation      int64  `json:"generation"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			return nil, fmt.Errorf("kubectl get %s %s: %w", c.Resource, c.Name, err)
		}
		all[c.key(t.Namespace)] = stored{object.Metadata.ResourceVersion, object.Metadata.Generation}
	}
	return all, nil
}
