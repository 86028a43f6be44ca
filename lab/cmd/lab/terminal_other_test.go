//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

type (
	terminalKey   struct{}
	openTerminals struct{}
)

// terminalCommands are none where terminals are opened in another way.
func terminalCommands() map[string]func(*testscript.TestScript, bool, []string) { return nil }
