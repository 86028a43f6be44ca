package manifests

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// largestConfigMap is how many bytes Kubernetes keeps of one.
const largestConfigMap = 1 << 20

func (r *reader) configMap() {
	var c corev1.ConfigMap
	if !r.decode(&c) {
		return
	}
	size := 0
	for _, key := range slices.Sorted(maps.Keys(c.Data)) {
		r.valid("data", key, validation.IsConfigMapKey)
		size += len(c.Data[key])
	}
	for _, key := range slices.Sorted(maps.Keys(c.BinaryData)) {
		r.valid("binaryData", key, validation.IsConfigMapKey)
		size += len(c.BinaryData[key])
		if _, twice := c.Data[key]; twice {
			r.fail("binaryData", "%q: also a key of data", key)
		}
	}
	if size > largestConfigMap {
		r.fail("data", "%d bytes are more than the %d that a ConfigMap may have", size, largestConfigMap)
	}
	r.Data, r.Count = c.Data, len(c.Data)+len(c.BinaryData)
}
