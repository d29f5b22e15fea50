package console

import (
	"bufio"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"voicerelay/tests/process"
)

// The last line of the demo is where its console is, at which the first vendor can be told to break off.
func TestDemoSaysWhereItsConsoleIs(t *testing.T) {
	_, err := chromium()
	process.Need(t, err)
	demo := process.Command(program, t.TempDir(), "demo")
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = demo.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := demo.Wait(); err != nil {
			t.Errorf("the demo ends with %v", err)
		}
	})
	last := ""
	for lines := bufio.NewScanner(out); !strings.Contains(last, "/console") && lines.Scan(); {
		last = lines.Text()
	}
	_, url, found := strings.Cut(last, "in a browser: ")
	if !found {
		t.Fatalf("the demo ends with %q", last)
	}
	p := openPage(t, strings.TrimSuffix(url, "/console"))
	p.view("talk")
	p.do(chromedp.Click(chromedp.CSS("input[type=checkbox]")), chromedp.Click(chromedp.CSS("button.main")))
	p.until("document.querySelector('.view[data-state=quiet]')")
	p.untilText("takes over from kugelaudio")
	p.untilText("completed")
}

// A relay shows another one on the same Redis, and cancels what runs there.
func TestAnyRelayShowsAll(t *testing.T) {
	redis := sharedRedis(t)
	one, two := serve(t, redis+keys), serve(t, redis+keys)
	p := openPage(t, one.URL)
	p.signIn(adminKey)
	p.view("now")
	p.until("document.querySelectorAll('.view tbody tr th .id').length === 2") // both relays
	ended := make(chan string, 1)
	go func() { // ends with its generation, which the test waits for
		body := two.speak(acmeKey, map[string]any{"generation_id": "g-there", "text": strings.Repeat(sentence+" ", 20), "route": "steady"})
		ended <- string(body)
	}()
	p.view("live")
	p.untilText("g-there")
	p.do(chromedp.Click(chromedp.CSS("button.small")), chromedp.Click(chromedp.CSS("button.small")))
	if body := <-ended; !strings.Contains(body, `"reason":"cancelled"`) {
		t.Errorf("the client of the other relay got %s", body[max(0, len(body)-300):])
	}
	p.untilText("Nothing is spoken now.")
}
