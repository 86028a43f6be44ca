package manifests

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Kubernetes forms its names of these characters: no vowels, so no words, and no 0, 1 and 3,
// which look like letters.
const (
	alphabet   = "bcdfghjklmnpqrstvwxz2456789"
	suffix     = 5
	longestPod = 63
)

// PodName is the name of a new pod: the Deployment's, the template's hash, and a suffix drawn
// by intn, which returns a number from 0 to n-1.
func (d Deployment) PodName(intn func(n int) int) string {
	drawn := make([]byte, suffix)
	for i := range drawn {
		drawn[i] = alphabet[intn(len(alphabet))]
	}
	set := d.Name.Name + "-" + d.Hash + "-"
	return set[:min(len(set), longestPod-suffix)] + string(drawn)
}

// templateHash is equal for equal templates. Kubernetes hashes another form of the template, so
// its pods have other names.
func templateHash(template corev1.PodTemplateSpec) (string, error) {
	data, err := json.Marshal(template)
	if err != nil {
		return "", err
	}
	h := fnv.New32a()
	h.Write(data)
	return strings.Map(func(digit rune) rune {
		return rune(alphabet[int(digit)%len(alphabet)])
	}, strconv.FormatUint(uint64(h.Sum32()), 10)), nil
}
