package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"

	"voicerelay/tests/process"
)

// program is the relay under test, built once by TestMain; profile is the browser's folder.
var program, profile string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "voicerelay")
	if err == nil {
		profile = filepath.Join(dir, "profile")
		program, err = process.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(closing{m}, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir) // a leftover in the system's own temporary folder fails nothing
		os.Exit(code)
	}))
}

// closing ends the browser before goroutines are counted.
type closing struct{ m *testing.M }

func (c closing) Run() int {
	defer func() { stopBrowser() }()
	return c.m.Run()
}

// browsers are names under which Chromium is installed.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// stopBrowser ends the browser that chromium has started.
var stopBrowser = func() {}

// chromium is one browser for all tests: its start takes longer than most of them.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path := ""
	for _, name := range browsers {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, process.Missing("Chromium is not installed: what is tested here needs a real browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(process.Deadline),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // or it does not start
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	first, cancelFirst := chromedp.NewContext(allocator)
	stopBrowser = func() {
		_ = chromedp.Cancel(first) // waits for the browser; where it has ended already, there is nothing to wait for
		cancelFirst()
		cancel()
	}
	return first, chromedp.Do(first)
})
