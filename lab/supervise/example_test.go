package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"istio-tutorial/lab/supervise"
)

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	log := supervise.NewLog(1 << 20)
	var group supervise.Group

	greeter, err := group.Start(supervise.Config{
		Name:   "greeter",
		Path:   "/bin/sh",
		Args:   []string{"-c", `echo "hello, $WHOM"; exec tail -f /dev/null`},
		Env:    []string{"WHOM=reader", "PATH=/usr/bin:/bin"},
		Stdout: log,
		Ready: func(context.Context) error { // HTTPGet(url) for a server
			var said strings.Builder
			if _, err := log.WriteTo(&said); err != nil {
				return err
			}
			if said.Len() == 0 {
				return errors.New("still silent")
			}
			return nil
		},
		RestartDelay: supervise.RestartDelay{Initial: 50 * time.Millisecond},
		Grace:        2 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := greeter.WaitReady(ctx); err != nil {
		fmt.Println(err)
	}
	if err := group.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	for status := range greeter.Changes(ctx) {
		fmt.Println(status.State)
	}
	_, _ = log.WriteTo(os.Stdout)
	fmt.Println(greeter.Status().Exit)
	// Output:
	// Starting
	// Ready
	// Stopping
	// Stopped
	// hello, reader
	// signal: terminated
}
