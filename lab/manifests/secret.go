package manifests

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"istio-tutorial/lab/mesh"
)

// secret reads a Secret; what stands in stringData goes before data, as in Kubernetes.
func (r *reader) secret() {
	var s corev1.Secret
	if !r.decode(&s) {
		return
	}
	data := maps.Clone(s.Data)
	if data == nil {
		data = map[string][]byte{}
	}
	for key, text := range s.StringData {
		data[key] = []byte(text)
	}
	size := 0
	for _, key := range slices.Sorted(maps.Keys(data)) {
		r.valid("data", key, validation.IsConfigMapKey)
		size += len(data[key])
	}
	if size > largestConfigMap {
		r.fail("data", "%d bytes are more than the %d that a Secret may have", size, largestConfigMap)
	}
	if s.Type == corev1.SecretTypeTLS {
		for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			if _, there := data[key]; !there {
				r.fail("data", "%s: missing, as the type is %s", key, s.Type)
			}
		}
	}
	if s.Type == "" {
		s.Type = corev1.SecretTypeOpaque
	}
	r.Count, r.Secret = len(data), &mesh.Credential{Name: r.name(), Type: string(s.Type), Data: data}
}
