package console

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A wrong key is refused with a message, the right one opens the page, and it is kept in the tab alone.
func TestKeyIsAskedForOnce(t *testing.T) {
	p := openPage(t, serve(t, keys).URL)
	p.expect("401") // of the wrong key
	p.checkAccessible("signing in")
	p.shoot("sign-in-light-1280")
	p.signIn("not-a-key-of-this-relay")
	p.untilText("Refused")
	p.signIn(adminKey)
	p.view("now")
	if at := value[string](p, "location.href + document.cookie + JSON.stringify(localStorage)"); strings.Contains(at, adminKey) {
		t.Errorf("the key stands in %s", at)
	}
	p.do(chromedp.Reload())
	p.view("now")
	p.do(chromedp.Click(chromedp.CSS("#sign-out")), chromedp.WaitVisible(chromedp.CSS("#key")))
	if value[bool](p, "sessionStorage.length > 0") {
		t.Error("the key is kept though it was to be forgotten")
	}
}

// A key that is not an admin's is refused.
func TestKeyOfATenantIsRefused(t *testing.T) {
	p := openPage(t, serve(t, keys).URL)
	p.expect("403")
	p.signIn(acmeKey)
	p.untilText("admin key")
	p.untilText("This key is refused")
}

// A generation that runs is seen, and cancelled by the keyboard alone.
func TestRunningGenerationIsCancelledByTheKeyboard(t *testing.T) {
	r := serve(t, keys)
	p := openPage(t, r.URL)
	p.signIn(adminKey)
	p.view("live")
	ended := make(chan string, 1)
	go func() { // ends with its generation, which the test waits for
		body := r.speak(acmeKey, map[string]any{
			"generation_id": "g-long", "context_id": "call-9", "text": strings.Repeat(sentence+" ", 20), "route": "steady",
		})
		ended <- string(body)
	}()
	p.untilText("g-long")
	p.untilText("conversation call-9")
	p.untilText("steady")
	if text := value[string](p, "document.body.innerText"); strings.Contains(text, "breaks off") {
		t.Error("the text that is spoken is shown")
	}
	for _, look := range looks {
		p.theme(look.theme)
		p.width(look.width)
		p.checkAccessible("live, with a generation")
		p.shoot("running-" + look.theme + "-" + map[int64]string{360: "360", 1280: "1280"}[look.width])
	}
	p.tabTo("Cancel g-long of acme")
	p.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	body := <-ended
	lines := strings.Split(strings.TrimSpace(body), "\n")
	var done struct{ Type, Reason string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &done); err != nil || done.Type != "done" || done.Reason != "cancelled" {
		t.Errorf("the last line is %s", lines[len(lines)-1])
	}
	p.untilText("Nothing is spoken now.")
}

// tabTo goes by the Tab key to the control of a name. All that has focus on the way shows it.
func (p *page) tabTo(name string) {
	p.t.Helper()
	const focused = `(() => {
		const e = document.activeElement;
		return [e.getAttribute('aria-label') || e.innerText || '', getComputedStyle(e).outlineStyle !== 'none' || e.className === 'skip'];
	})()`
	for range 60 {
		p.do(chromedp.KeyEvent(kb.Tab))
		at := value[[]any](p, focused)
		if at[1] != true {
			p.t.Errorf("%q has the focus and does not show it", at[0])
		}
		if at[0] == name {
			return
		}
	}
	p.t.Fatalf("Tab never comes to %q", name)
}

// The talk box is heard through a takeover: as many samples are played as were sent, the words are those of the text, and each attempt
// is told with its cost.
func TestTalkBoxIsHeardThroughATakeover(t *testing.T) {
	r := serve(t, "") // without keys it opens at once
	p := openPage(t, r.URL)
	p.view("talk")
	p.do(chromedp.Click(chromedp.CSS("button.main")))
	p.until("document.querySelector('.view[data-state=quiet]')")
	p.untilText("beta takes over from alpha")
	p.untilText("completed")
	p.untilText("dropped")
	p.untilText("EUR")
	words := value[string](p, "[...document.querySelectorAll('.words span')].map((w) => w.innerText).join(' ')")
	if want := "Hello from the relay. If the first voice breaks off, another one goes on where it was."; words != want {
		t.Errorf("the words are %q, want %q", words, want)
	}
	if unheard := value[int](p, "document.querySelectorAll('.words span:not(.heard)').length"); unheard > 0 {
		t.Errorf("%d words were not heard", unheard)
	}
	played := value[float64](p, "Number(document.querySelector('.view').dataset.played)")
	if played < 2*24000 {
		t.Errorf("%v samples were played", played)
	}
	for _, look := range looks {
		p.theme(look.theme)
		p.width(look.width)
		p.checkAccessible("talk, spoken")
		p.shoot("talk-" + look.theme + "-" + map[int64]string{360: "360", 1280: "1280"}[look.width])
	}
}
