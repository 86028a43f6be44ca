package supervise_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"istio-tutorial/lab/supervise"
)

// programs are what the test binary can be as a child. None ends by time.
func programs() map[string]func(args []string) {
	return map[string]func(args []string){
		"block":      block,
		"deaf":       deaf,
		"linger":     linger,
		"exit":       exit,
		"environ":    environ,
		"torn":       torn,
		"flood":      flood,
		"fork":       fork,
		"daemon":     daemon,
		"told":       told,
		"supervisor": supervisor,
	}
}

// await calls act for each signal.
func await(sig os.Signal, act func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, sig)
	fmt.Println("up")
	for range signals {
		act()
	}
}

// block ends by any signal but SIGUSR1, to which it answers.
func block([]string) {
	await(syscall.SIGUSR1, func() { fmt.Println("pong") })
}

// deaf does not hear SIGTERM.
func deaf([]string) {
	signal.Ignore(syscall.SIGTERM)
	await(syscall.SIGUSR1, func() {})
}

// linger ends by SIGUSR1, not by SIGTERM.
func linger([]string) {
	signal.Ignore(syscall.SIGTERM)
	await(syscall.SIGUSR1, func() { syscall.Exit(0) })
}

// exit ends with the given status and last words.
func exit(args []string) {
	fmt.Fprint(os.Stderr, args[1])
	status, _ := strconv.Atoi(args[0])
	syscall.Exit(status)
}

func environ(args []string) {
	dir, _ := os.Getwd()
	fmt.Printf("%q\n%q\n%s\n", os.Environ(), args, dir)
}

// torn writes lines of one letter each in many small pieces, to both streams by turns.
func torn(args []string) {
	lines, _ := strconv.Atoi(args[0])
	for range lines {
		for range 10 {
			os.Stdout.WriteString("ooooo")
			os.Stderr.WriteString("eeeee")
		}
		os.Stdout.WriteString("\n")
		os.Stderr.WriteString("\n")
	}
	os.Stdout.WriteString("no end")
}

// flood writes that many numbered lines of 1000 bytes.
func flood(args []string) {
	lines, _ := strconv.Atoi(args[0])
	for i := range lines {
		fmt.Printf("%010d %s\n", i, strings.Repeat("x", 988))
	}
}

// again is this binary in another role.
func again(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{role + "=" + name}
	return cmd
}

// fork starts a deaf child that shares nothing but the group; "end" as its argument ends it itself.
func fork(args []string) {
	cmd := again("deaf")
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	fmt.Println("forked", cmd.Process.Pid)
	if slices.Contains(args, "end") {
		return
	}
	await(syscall.SIGUSR1, func() {})
}

// daemon starts a child in a session of its own, which keeps the streams.
func daemon([]string) {
	cmd := again("deaf")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	fmt.Println("forked", cmd.Process.Pid)
	await(syscall.SIGUSR1, func() {})
}

// told names the first signal that ends it.
func told([]string) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	fmt.Println("up")
	fmt.Println("told", <-signals)
}

// supervisor looks after two children, says their ids, and ends as a lab would on Ctrl-C.
func supervisor([]string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var group supervise.Group
	for range 2 {
		log := supervise.NewLog(1 << 10)
		p, err := group.Start(supervise.Config{
			Name: "told", Path: os.Args[0], Env: []string{role + "=told"},
			Stdout: log, Ready: says(log, "up"),
		})
		if err != nil {
			panic(err)
		}
		defer func() { fmt.Print(text(log)) }()
		if err := p.WaitReady(ctx); err != nil {
			panic(err)
		}
		fmt.Println("child", p.Status().PID)
	}
	fmt.Println("all up")
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := group.Stop(ctx); err != nil {
		panic(err)
	}
}
