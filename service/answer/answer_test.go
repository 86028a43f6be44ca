package answer_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"istio-tutorial/service/answer"
)

// TestWrite ends a text of any length with one new line, as plain text with its status.
func TestWrite(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", strings.Repeat("b", 4<<10-1), strings.Repeat("c", 4<<10)} {
		w := httptest.NewRecorder()
		answer.Write(w, 418, text)
		if w.Code != 418 || w.Body.String() != text+"\n" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%d bytes: %d %v, and %d bytes", len(text), w.Code, w.Header(), w.Body.Len())
		}
	}
}
