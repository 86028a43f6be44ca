package manifests

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"istio-tutorial/lab/document"
)

// SetTemplate is the object with the pod template of another.
func (o Object) SetTemplate(of Object) (Object, error) {
	return o.change(func(d *appsv1.Deployment) {
		d.Spec.Template = *of.Deployment.source.Spec.Template.DeepCopy()
	})
}

// SetImage is the object with other images, by the names of their containers; * is any.
func (o Object) SetImage(images map[string]string) (Object, error) {
	for _, name := range slices.Sorted(maps.Keys(images)) {
		if has := o.Deployment.Container.Name; name != "*" && name != has {
			return Object{}, fmt.Errorf("unable to find container named %q; there is %s", name, has)
		}
	}
	return o.change(func(d *appsv1.Deployment) {
		for _, image := range images {
			d.Spec.Template.Spec.Containers[0].Image = image
		}
	})
}

// Annotation is one of the object's own, "" if it has none of the name.
func (o Object) Annotation(name string) string {
	if o.Deployment == nil {
		return ""
	}
	return o.Deployment.source.Annotations[name]
}

// Template is the pod template of a Deployment, as YAML; "" for other kinds.
func (o Object) Template() string {
	if o.Deployment == nil {
		return ""
	}
	data, err := json.Marshal(o.Deployment.source.Spec.Template)
	if err != nil {
		return ""
	}
	var template map[string]any
	if json.Unmarshal(data, &template) != nil {
		return ""
	}
	text, err := document.Marshal(template)
	if err != nil {
		return ""
	}
	return string(text)
}
