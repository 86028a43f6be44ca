package message_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"istio-tutorial/lab/xds/message"
)

// TestPacker keeps all problems, in their order, and the causes in them.
func TestPacker(t *testing.T) {
	t.Parallel()
	var p message.Packer
	if err := p.Err(); err != nil || p.Failures() != 0 {
		t.Errorf("new: %v, %d failures", err, p.Failures())
	}
	p.Fail("file %s: %w", "a", fs.ErrNotExist)
	p.Pack(&corev3.HeaderValue{Key: "k", Value: "\xff"})
	err := p.Err()
	if !errors.Is(err, fs.ErrNotExist) || p.Failures() != 2 {
		t.Fatalf("%v, %d failures", err, p.Failures())
	}
	first, second, _ := strings.Cut(err.Error(), "\n")
	if first != "file a: file does not exist" || !strings.Contains(second, "UTF-8") {
		t.Errorf("problems: %v", err)
	}
}

// TestPackedAlike packs the same message into the same bytes, in whatever order its map is walked.
func TestPackedAlike(t *testing.T) {
	t.Parallel()
	fields := map[string]*structpb.Value{}
	for c := 'a'; c <= 'z'; c++ {
		fields[string(c)] = structpb.NewStringValue(string(c))
	}
	var p message.Packer
	want := string(p.Pack(&structpb.Struct{Fields: fields}).GetValue())
	for range 100 {
		if got := string(p.Pack(&structpb.Struct{Fields: fields}).GetValue()); got != want {
			t.Fatalf("%q, and before %q", got, want)
		}
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}
