// Package images tests what `make images` and `make push` build, with a real container engine:
// go test -tags=images.
package images
