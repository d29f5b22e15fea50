package console

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"voicerelay/tests/process"
)

// page is a tab with the console of a relay.
type page struct {
	t   *testing.T
	ctx context.Context
	url string

	mu       sync.Mutex // guards what follows
	faults   []string   // what a browser's console has of errors
	expected []string   // parts of those that the test brings about
}

// openPage opens a relay's console in a tab of its own. With the test's end the tab is closed, and errors in its console fail the test.
func openPage(t *testing.T, url string) *page {
	t.Helper()
	browser, err := chromium()
	process.Need(t, err)
	tab, cancelTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancelTab)
	if err := chromedp.Do(tab); err != nil { // opens it, without a deadline, which would be the browser's
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tab, process.Deadline)
	p := &page{t: t, ctx: ctx, url: url}
	t.Cleanup(func() {
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, f := range p.faults {
			t.Errorf("the browser's console has: %s", f)
		}
	})
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(url + "/console"))
	return p
}

// listen notes errors: scripts', the policy's, and files that did not load.
func (p *page) listen(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			for _, a := range e.Args {
				fault += string(a.Value) + a.Description
			}
		}
	case *runtime.EventExceptionThrown:
		fault = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			fault = e.Entry.Text + " " + e.Entry.URL
		}
	case *cdppage.EventJavascriptDialogOpening:
		fault = "a dialog: " + e.Message
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if fault != "" && !slices.ContainsFunc(p.expected, func(part string) bool { return strings.Contains(fault, part) }) {
		p.faults = append(p.faults, fault)
	}
}

// expect lets errors pass that have a part.
func (p *page) expect(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, part)
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// run runs JavaScript, and waits for the promise that it is.
func (p *page) run(expression string) {
	p.t.Helper()
	value[chromedp.Void](p, expression)
}

// value is what an expression of JavaScript comes to, or the promise that it is.
func value[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true.
func (p *page) until(expression string) {
	p.t.Helper()
	for {
		met, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")", chromedp.EvalAwaitPromise))
		if met {
			return
		}
		select {
		case <-p.ctx.Done():
			p.t.Fatalf("never true: %s (%v)\n%s", expression, err, p.text())
		case <-time.After(50 * time.Millisecond): // a look takes the browser's time too
		}
	}
}

// untilText waits for a text within the content.
func (p *page) untilText(text string) {
	p.t.Helper()
	quoted, _ := json.Marshal(text) // a string always has JSON
	p.until("document.getElementById('main').innerText.includes(" + string(quoted) + ")")
}

// text is all that is to be read.
func (p *page) text() string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error() // it is for a failure's message
	}
	return text
}

// view opens a view and waits for its content.
func (p *page) view(name string) {
	p.t.Helper()
	p.run(fmt.Sprintf("location.hash = %q", name))
	p.until(fmt.Sprintf("document.querySelector('.view[data-view=%s][data-loaded]') && document.querySelector('.view[data-live]')", name))
}

// theme and width set how the page is looked at.
func (p *page) theme(name string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

func (p *page) width(pixels int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(pixels, 900))
}

// signIn types a key.
func (p *page) signIn(key string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible("#key"), chromedp.SendKeys("#key", key+"\r"))
}

// shoot leaves a picture of the whole page where CONSOLE_SCREENSHOTS says.
func (p *page) shoot(name string) {
	p.t.Helper()
	dir := os.Getenv("CONSOLE_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
