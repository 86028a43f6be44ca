package objects

import (
	"strings"
	"testing"
)

// TestAbsentKinds has a reason for kinds only that are not there: no other would ever be read.
func TestAbsentKinds(t *testing.T) {
	t.Parallel()
	for _, r := range absent() {
		for word := range strings.FieldsSeq(r.words) {
			if _, err := FindKind(word); err == nil || !strings.HasSuffix(err.Error(), `"`+word+`": `+r.why) {
				t.Errorf("%s: %v, want an error that ends with %q", word, err, r.why)
			}
		}
	}
}
