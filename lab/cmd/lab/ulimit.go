package main

import (
	"fmt"
	"syscall"
)

// Of Envoy's open files some are there before anybody calls. A request through the chain takes a few
// for each hop.
const (
	filesAtRest     = 40
	filesPerRequest = 11
	enoughFiles     = 1024
)

// warnOfFiles says what few open files mean. Envoy and Go take as many as the hard limit allows.
func (a *app) warnOfFiles() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Max >= enoughFiles {
		return
	}
	room := max(0, (int(limit.Max)-filesAtRest)/filesPerRequest)
	a.warn(fmt.Sprintf("the hard limit of open files (ulimit -Hn) is %d: Envoy has room for about %d requests at once, "+
		"and fails more; %d files are enough", limit.Max, room, enoughFiles))
}
