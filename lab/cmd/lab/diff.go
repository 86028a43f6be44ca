package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"istio-tutorial/lab/control"
	"istio-tutorial/lab/document"
	"istio-tutorial/lab/mesh"
	"istio-tutorial/lab/objects"
	"istio-tutorial/lab/offline"
)

func (a *app) diff() *cobra.Command {
	var s sources
	cmd := &cobra.Command{
		Use:   "diff -f FILE",
		Short: "Show what apply would change",
		Long: `Show what apply would change, as kubectl diff does. The exit status is 1 if there is a difference,
and more if something is wrong.`,
		Example: `  bin/lab diff -f istiofiles/route-rule-recommendation-v2.yml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !s.given() {
				return misusef("filename not specified (see --filename or -f)")
			}
			err := a.showDiff(cmd.Context(), s)
			if _, different := errors.AsType[exitStatus](err); err == nil || different {
				return err
			}
			return trouble{err}
		},
	}
	s.declare(a, cmd)
	return cmd
}

// trouble is an error of diff, whose status is not that of a difference.
type trouble struct{ error }

func (t trouble) Unwrap() error { return t.error }

func (a *app) showDiff(ctx context.Context, s sources) error {
	files, err := s.read(ctx, a.stdin)
	if err != nil {
		return err
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	if _, err := (offline.Lab{Files: files, Namespace: a.namespace}).Check(); err != nil {
		return err
	}
	different := false
	for _, f := range files {
		docs, err := document.Parse(f.Name, bytes.NewReader(f.Data))
		if err != nil {
			return err
		}
		for _, d := range docs {
			text, err := a.diffOf(ctx, client, d)
			if err != nil {
				return err
			}
			fmt.Fprint(a.stdout, text)
			different = different || text != ""
		}
	}
	if different {
		return exitStatus(failed)
	}
	return nil
}

// diffOf is "" if the object is as the document says.
func (a *app) diffOf(ctx context.Context, client *control.Client, d document.Document) (string, error) {
	wanted, err := wantedJSON(d)
	if err != nil {
		return "", err
	}
	if hasPrivateKey(d, wanted) {
		return "", fmt.Errorf("%s:%d: Secret %q: the lab shows no private key, and so cannot compare it", d.File, d.Line, d.Name)
	}
	s := objects.Selection{Args: []string{resource(d), d.Name}, Namespace: cmp.Or(d.Namespace, a.namespace)}
	tables, err := client.Get(ctx, s)
	var live []byte
	if refused, ok := errors.AsType[*objects.Error](err); ok && refused.Reason == objects.NotFound {
		err = nil
	} else if rows := rowsOf(tables); err == nil && len(rows) == 1 {
		live, err = rowJSON(rows[0])
	}
	if err != nil {
		return "", err
	}
	before, errBefore := plainYAML(live)
	after, errAfter := plainYAML(wanted)
	name := document.Printable(strings.Join([]string{
		strings.ReplaceAll(d.APIVersion, "/", "."), d.Kind, s.Namespace, d.Name,
	}, "."))
	text := diff.Diff("LIVE/"+name, before, "MERGED/"+name, after)
	return string(text), errors.Join(errBefore, errAfter)
}

// hasPrivateKey reports whether a document is a Secret that holds one.
func hasPrivateKey(d document.Document, data []byte) bool {
	var s corev1.Secret
	if d.Kind != "Secret" || d.APIVersion != "v1" || json.Unmarshal(data, &s) != nil {
		return false
	}
	c := mesh.Credential{Data: s.Data}
	if c.Data == nil {
		c.Data = map[string][]byte{}
	}
	for key, value := range s.StringData {
		c.Data[key] = []byte(value)
	}
	for key := range c.Data {
		if c.IsPrivate(key) {
			return true
		}
	}
	return false
}

// wantedJSON is a document as JSON, without a status that was printed with it.
func wantedJSON(d document.Document) ([]byte, error) {
	data, err := d.JSON()
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, err
	}
	delete(object, "status")
	return json.Marshal(object)
}

// rowJSON is an object as JSON, without what is only so and not wanted.
func rowJSON(r control.Row) ([]byte, error) {
	r.Created = time.Time{}
	object, err := objectOf(r)
	if err != nil {
		return nil, err
	}
	delete(object, "status")
	return json.Marshal(object)
}

// plainYAML is JSON as YAML with its fields in order.
func plainYAML(data []byte) ([]byte, error) {
	if data == nil {
		return nil, nil
	}
	d, err := document.FromJSON("diff", data)
	if err != nil {
		return nil, err
	}
	return d.YAML()
}
