package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"istio-tutorial/e2e/await"
	"istio-tutorial/e2e/cmdline"
)

const (
	root     = "../.."
	pictures = root + "/out/browser"
)

// programs are the names that Chromium has.
func programs() []string { return []string{"chromium", "chromium-browser", "google-chrome", "chrome"} }

// chromium is a browser of its own for a test, which ends with it.
func chromium(t testing.TB) context.Context {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("E2E_WITHOUT"), ","), "browser") {
		t.Skip("SKIP: E2E_WITHOUT lists browser")
	}
	path := os.Getenv("CHROMIUM")
	for _, name := range programs() {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Fatalf("none of %s is installed: `apt-get install chromium`, or name one by CHROMIUM=/path/to/it.\n"+
			"Or do without: E2E_WITHOUT=browser", strings.Join(programs(), ", "))
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, // tests run as root, which Chromium's sandbox refuses
		chromedp.Flag("lang", "en-US"), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(await.Patience))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return ctx
}

// lab is one that runs, with its page.
type lab struct {
	t    testing.TB
	name string
	url  string // of its ingress
	page string
	cmd  *exec.Cmd
	out  *cmdline.Output
}

var labs atomic.Int64 //nolint:gochecknoglobals // numbers the labs of one run

// start starts a lab and waits for its first answer.
func start(t testing.TB, args ...string) *lab {
	t.Helper()
	ports := cmdline.FreePorts(t, 2)
	l := &lab{
		t: t, name: fmt.Sprintf("page-%d-%d", os.Getpid(), labs.Add(1)),
		url: "http://127.0.0.1:" + ports[0], page: "http://localhost:" + ports[1], out: &cmdline.Output{},
	}
	l.begin(args...)
	t.Cleanup(l.end)
	return l
}

func (l *lab) begin(args ...string) {
	l.t.Helper()
	_, listen, _ := strings.Cut(l.url, "//")
	_, console, _ := strings.Cut(l.page, "localhost")
	l.cmd = exec.Command("bin/lab", append([]string{"up", "--name", l.name, "--listen", listen, "--console", console[1:]}, args...)...)
	l.cmd.Dir, l.cmd.Stdout, l.cmd.Stderr = root, l.out, l.out
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	await.Eventually(l.t, 4*await.Patience, "lab up", func() string {
		if strings.Contains(l.out.String(), l.page) {
			return ""
		}
		return "it has said: " + l.out.String()
	})
}

// end is Ctrl-C.
func (l *lab) end() {
	if l.cmd.ProcessState != nil {
		return
	}
	_ = l.cmd.Process.Signal(syscall.SIGINT)
	if err := l.cmd.Wait(); err != nil {
		l.t.Errorf("bin/lab up: %v\n%s", err, l.out)
	}
}

// run types a verb.
func (l *lab) run(words ...string) string {
	l.t.Helper()
	cmd := exec.Command("bin/lab", append([]string{"--name", l.name}, words...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

func (l *lab) withV2() {
	l.t.Helper()
	l.run("apply", "-f", "deploy/recommendation/Deployment-v2.yml")
	l.run("rollout", "status", "deployment/recommendation-v2")
}

// view is a tab that shows a page.
type view struct {
	context.Context
	t testing.TB
}

// open opens a page in a window of some size. What it says on its console fails the test.
func open(t testing.TB, ctx context.Context, url string, width, height int64) view {
	t.Helper()
	if err := chromedp.Run(ctx); err != nil { // makes the tab, which ends with this context
		t.Fatal(err)
	}
	v := view{ctx, t}
	listen(v)
	v.do(emulation.SetDeviceMetricsOverride(width, height, 1, false), chromedp.Navigate(url))
	return v
}

func (v view) do(actions ...chromedp.Action) {
	v.t.Helper()
	if err := v.try(actions...); err != nil {
		v.t.Fatal(err)
	}
}

func (v view) try(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(v.Context, 2*await.Patience)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// evaluate runs JavaScript, and waits for its promise.
func evaluate(script string) chromedp.Action {
	return chromedp.Evaluate(script, nil, awaitPromise)
}

// eval is a value of JavaScript; a promise is waited for.
func eval[T any](v view, script string) T {
	v.t.Helper()
	var value T
	v.do(chromedp.Evaluate(script, &value, chromedp.EvalAsValue, awaitPromise))
	return value
}

// until waits until a condition in JavaScript holds; told is a value that says why it does not.
func (v view) until(condition, told string) {
	v.t.Helper()
	await.Eventually(v.t, 2*await.Patience, condition, func() string {
		var holds bool
		if err := v.try(chromedp.Evaluate("Boolean("+condition+")", &holds)); err != nil {
			return err.Error()
		}
		if holds {
			return ""
		}
		var why any
		if err := v.try(chromedp.Evaluate(told, &why, chromedp.EvalAsValue)); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s: %v", told, why)
	})
}

// picture keeps what is seen.
func (v view) picture(name string) {
	v.t.Helper()
	var data []byte
	v.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		data, err = page.CaptureScreenshot().WithCaptureBeyondViewport(false).Do(ctx)
		return err
	}))
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, name+".png"), data, 0o600); err != nil {
		v.t.Fatal(err)
	}
}
