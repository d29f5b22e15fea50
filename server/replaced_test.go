package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// pausing is a text with a pause after each sentence.
const pausing = "Let me look. Found it now. There you are."

// talk has a text come sentence by sentence, and listens to the end.
func (c *client) talk(id, text string, every time.Duration) call {
	c.t.Helper()
	c.send(`{"type":"generate","generation_id":"` + id + `","text":"","final":false,"word_timestamps":true}`)
	over, written := make(chan struct{}), make(chan struct{})
	go func() { // the client listens meanwhile
		defer close(written)
		for _, part := range strings.SplitAfter(text, ". ") {
			_ = c.write(`{"type":"append","generation_id":"` + id + `","text":"` + part + `"}`)
			select {
			case <-time.After(every):
			case <-over:
				return
			}
		}
		_ = c.write(`{"type":"finish","generation_id":"` + id + `"}`)
	}()
	defer func() {
		close(over)
		<-written
	}()
	return c.listen(id)
}

// ofKind counts events.
func (l call) ofKind(kind string) int {
	n := 0
	for _, e := range l.events {
		if e.kind() == kind {
			n++
		}
	}
	return n
}

var errHungUp = &upstream.Error{Kind: upstream.Dropped, Code: "1000", Message: "the vendor closed the connection"}

// A stream that ends while the text pauses is replaced: the same voice goes on, and no attempt has failed.
func TestStreamThatEndsInAPauseIsReplaced(t *testing.T) {
	vendors := map[string]func() *relaytest.FakeProvider{
		"with word times":   relaytest.Lively,
		"with piece ends":   func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsExact) },
		"with neither":      func() *relaytest.FakeProvider { return relaytest.Deaf(upstream.PieceEndsNone) },
		"without a failure": relaytest.Lively,
	}
	for name, vendor := range vendors {
		for _, order := range [][]string{{"alpha"}, {"alpha", "beta"}} {
			t.Run(fmt.Sprint(name, " of ", len(order)), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					first, second := vendor(), relaytest.Lively()
					first.HangsUp, first.Failure = 1500*time.Millisecond, errHungUp
					if name == "without a failure" {
						first.Failure = nil
					}
					c := newRig(t, Config{}, order, fakes{"alpha": first, "beta": second}).dial("")
					for i := range 5 { // five failures would open a circuit
						l := c.talk(fmt.Sprint("g", i), pausing, 3*time.Second)
						if want := slices.Repeat([]string{"alpha completed"}, len(l.providers)); !slices.Equal(l.providers, want) || len(want) < 3 {
							t.Fatalf("attempts: %v", l.providers)
						}
						if l.heard != relaytest.Letters(pausing) || l.done["reason"] != "completed" {
							t.Errorf("heard %q, ended %v", l.heard, l.done["reason"])
						}
						if l.ofKind("started") != 1 || l.ofKind("rerouted") != 0 {
							t.Errorf("started %d times, rerouted %d times", l.ofKind("started"), l.ofKind("rerouted"))
						}
						usage := l.done["usage"].(map[string]any)
						said := 0.0
						for _, a := range usage["attempts"].([]any) {
							said += a.(map[string]any)["characters"].(float64)
						}
						if said != usage["characters"] {
							t.Errorf("attempts count %v characters, the text has %v", said, usage["characters"])
						}
					}
				})
			})
		}
	}
}

// Words go on being told in the client's text and on its clock.
func TestWordsContinueAfterAReplacedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.Lively()
		first.HangsUp, first.Failure = 1500*time.Millisecond, errHungUp
		l := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": first}).dial("").talk("g1", pausing, 3*time.Second)
		var words []string
		at := 0.0
		for _, e := range l.events {
			if e.kind() != "timestamps" {
				continue
			}
			for _, w := range e["words"].([]any) {
				word := w.(map[string]any)
				words = append(words, word["word"].(string))
				if start := word["start_ms"].(float64); start < at {
					t.Errorf("%v begins before %v ms", word, at)
				}
				at = word["end_ms"].(float64)
			}
		}
		if got, want := strings.Join(words, " "), strings.ReplaceAll(pausing, ".", ""); got != want {
			t.Errorf("got words %q, want %q", got, want)
		}
	})
}

// Once its socket has ended in a pause, a vendor that is gone is a failure as ever: another one takes over.
func TestVendorThatIsGoneAfterAPauseIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.HangsUp, first.Failure = 1500*time.Millisecond, errHungUp
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		time.AfterFunc(2500*time.Millisecond, func() {
			first.Mu.Lock()
			defer first.Mu.Unlock()
			first.Refuse = &upstream.Error{Kind: upstream.ConnectFailed, Message: "gone"}
		})
		l := c.talk("g1", pausing, 3*time.Second)
		if want := []string{"alpha completed", "alpha failed", "beta completed"}; !slices.Equal(l.providers, want) {
			t.Errorf("attempts: got %v, want %v", l.providers, want)
		}
		if l.heard != relaytest.Letters(pausing) || len(l.reroutes) != 1 || l.reroutes[0]["reason"] != "dropped" {
			t.Errorf("heard %q, rerouted %v", l.heard, l.reroutes)
		}
	})
}

// A vendor that ends its stream with text under way has failed, whatever it spoke before.
func TestEndWithAudioOwedIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.FailAt, first.Failure = len("Let me look.")+1, errHungUp
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		l := c.talk("g1", pausing, 3*time.Second)
		if want := []string{"alpha failed", "beta completed"}; !slices.Equal(l.providers, want) || len(l.reroutes) != 1 {
			t.Errorf("attempts: got %v, want %v; rerouted %v", l.providers, want, l.reroutes)
		}
	})
}

// A vendor that closes every socket without a word is not asked again and again.
func TestAVendorThatClosesAtOnceIsNotReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.Lively()
		first.FailAt, first.Failure = 1, errHungUp
		pace := paced(func(p *routing.Pace) { p.MaxAttempts = 5 })
		l := newPacedRig(t, pace, Config{}, []string{"alpha"}, fakes{"alpha": first}).dial("").talk("g1", pausing, 3*time.Second)
		if want := []string{"alpha failed"}; !slices.Equal(l.providers, want) || l.done["reason"] != "failed" {
			t.Errorf("attempts: got %v, want %v; ended %v", l.providers, want, l.done["reason"])
		}
	})
}

// What an idle socket says of the account is heard at once.
func TestKeyRefusedInAPauseIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.HangsUp, first.Failure = 1500*time.Millisecond, &upstream.Error{Kind: upstream.AuthFailed, Message: "no such key"}
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		l := c.talk("g1", pausing, 3*time.Second)
		if want := []string{"alpha failed", "beta completed"}; !slices.Equal(l.providers, want) || l.heard != relaytest.Letters(pausing) {
			t.Errorf("attempts: got %v, want %v; heard %q", l.providers, want, l.heard)
		}
	})
}
