package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLessonOfTLS holds that the lesson that the first screen names is the one whose commands need the door.
func TestLessonOfTLS(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(repository, "docs", "[0-9]*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		is := strings.HasPrefix(filepath.Base(page), fmt.Sprintf("%02d-", lessonOfTLS))
		if asks := strings.Contains(string(text), "${"+tlsVariable); asks != is {
			t.Errorf("%s: asks at the door: %v", page, asks)
		}
	}
}

// TestPageMoves says that the page is elsewhere where somebody else has its port, and not where the ingress has.
func TestPageMoves(t *testing.T) {
	t.Parallel()
	var c net.ListenConfig
	other, err := c.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	taken := other.Addr().String()
	for ingress, want := range map[string]bool{taken: false, defaultListen: true} {
		l, moved, err := pageFlags{address: taken}.listen(context.Background(), ingress)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if moved != want {
			t.Errorf("ingress %s: moved %v", ingress, moved)
		}
	}
	if free := freeNear(t.Context(), taken); free == taken {
		t.Errorf("%s is no other than %s", free, taken)
	}
}
