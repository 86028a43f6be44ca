package manifests_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"istio-tutorial/lab/manifests"
)

// The cases are those of Kubernetes' own documentation of the patch.
func TestStrategicMerge(t *testing.T) {
	t.Parallel()
	const deployment = `{"spec":{"replicas":1,"template":{"metadata":{"labels":{"a":"1","b":"2"}},
		"spec":{"containers":[{"name":"x","image":"one","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],
		"args":["a"]}]}}}}`
	for name, c := range map[string]struct{ patch, want string }{
		"value":       {`{"spec":{"replicas":2}}`, `{"replicas":2}`},
		"unset label": {`{"spec":{"template":{"metadata":{"labels":{"a":null,"c":"3"}}}}}`, `{"labels":{"b":"2","c":"3"}}`},
		"named entry": {
			`{"spec":{"template":{"spec":{"containers":[{"name":"x","image":"two"}]}}}}`, `{"image":"two"}`,
		},
		"entry of an entry": {
			`{"spec":{"template":{"spec":{"containers":[{"name":"x","env":[{"name":"B","value":"3"},{"name":"C","value":"4"}]}]}}}}`,
			`{"env":[{"name":"A","value":"1"},{"name":"B","value":"3"},{"name":"C","value":"4"}]}`,
		},
		"entry deleted": {
			`{"spec":{"template":{"spec":{"containers":[{"name":"x","env":[{"name":"A","$patch":"delete"}]}]}}}}`,
			`{"env":[{"name":"B","value":"2"}]}`,
		},
		"list replaced": {
			`{"spec":{"template":{"spec":{"containers":[{"name":"x","env":[{"$patch":"replace"},{"name":"Z"}]}]}}}}`,
			`{"env":[{"name":"Z"}]}`,
		},
		"plain list": {
			`{"spec":{"template":{"spec":{"containers":[{"name":"x","args":["b","c"]}]}}}}`, `{"args":["b","c"]}`,
		},
		"mapping replaced": {
			`{"spec":{"template":{"metadata":{"labels":{"$patch":"replace","z":"1"}}}}}`, `{"labels":{"z":"1"}}`,
		},
	} {
		got, err := manifests.StrategicMerge("Deployment", []byte(deployment), []byte(c.patch))
		if err != nil {
			t.Fatal(err)
		}
		var object struct {
			Spec map[string]any
		}
		var want map[string]any
		if err := errors.Join(json.Unmarshal(got, &object), json.Unmarshal([]byte(c.want), &want)); err != nil {
			t.Fatal(err)
		}
		for field, value := range want {
			if found := find(object.Spec, field); !reflect.DeepEqual(found, value) {
				t.Errorf("%s: %s is %v, want %v", name, field, found, value)
			}
		}
	}
	if _, err := manifests.StrategicMerge("VirtualService", []byte("{}"), []byte("{}")); !errors.Is(err, manifests.ErrNoStrategy) {
		t.Errorf("error %v", err)
	}
}

// find is the first field of a name, wherever it is.
func find(value any, name string) any {
	switch v := value.(type) {
	case map[string]any:
		if found, ok := v[name]; ok {
			return found
		}
		for _, below := range v {
			if found := find(below, name); found != nil {
				return found
			}
		}
	case []any:
		for _, entry := range v {
			if found := find(entry, name); found != nil {
				return found
			}
		}
	}
	return nil
}
