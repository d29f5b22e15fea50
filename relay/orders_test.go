package relay

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// While a stream keeps pieces back nothing is owed: no deadline passes, no backup is opened, and more text may join them.
// Once they are let go of, the vendor has its usual time.
func TestWithheldPiecesAreNotOwed(t *testing.T) {
	for name, order := range map[string][]string{"alone": {"alpha"}, "with a backup": {"alpha", "beta"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := lively(), lively()
				first.keepFor = time.Minute
				c := newRig(t, Config{}, order, fakes{"alpha": first, "beta": second}).dial("")
				const sentences = "One two three. Four five six. Seven eight nine. Ten."
				c.send(`{"type":"generate","generation_id":"g1","text":"","final":false}`)
				go func() { // the client listens meanwhile
					for _, part := range strings.SplitAfter(sentences, ". ") {
						c.send(`{"type":"append","generation_id":"g1","text":"` + part + `"}`)
						time.Sleep(time.Second)
					}
					c.send(`{"type":"finish","generation_id":"g1"}`)
				}()
				l := c.listen("g1")
				if !slices.Equal(l.providers, []string{"alpha completed"}) || l.heard != lettersOf(sentences) {
					t.Errorf("attempts: %v, heard %q", l.providers, l.heard)
				}
				if len(second.asked) > 0 {
					t.Errorf("the backup was asked %d times", len(second.asked))
				}
				if n := len(first.pieces); n != 5 {
					t.Errorf("%d pieces were ordered, want each sentence as it came, and the end", n)
				}
			})
		})
	}
}

// A vendor that is silent though the stream has let go of everything is late as ever.
func TestReleasedPiecesAreOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := speakingTo(t, newFake().caps, twelveWords)
		ordered(a)
		a.Audio(fakeFrame('a'))
		a.Withheld(len(a.orders.pieces))
		time.Sleep(time.Hour)
		if deadline, err := a.due(); err != nil || !deadline.IsZero() {
			t.Errorf("nothing is owed: got %v, %v", deadline, err)
		}
		a.Withheld(0)
		patience := a.g.req.plan.StallTimeout
		if deadline, err := a.due(); err != nil || time.Until(deadline) != patience {
			t.Errorf("got %v, %v, want %v", time.Until(deadline), err, patience)
		}
		time.Sleep(patience)
		if _, err := a.due(); upstream.KindOf(err) != upstream.Stalled {
			t.Errorf("got %v, want stalled", err)
		}
	})
}

func (a *attempt) due() (time.Time, error) {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	return a.arrivals.deadlineLocked(time.Now())
}

// A stream that waits to send, as for a socket, has not ordered the piece yet.
func TestPieceBeingSentIsNotOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, false)
		a.out.mu.Lock()
		defer a.out.mu.Unlock()
		if p, ok := a.orders.cutLocked(time.Now()); !ok {
			t.Fatal("no piece")
		} else {
			a.orders.orderLocked(p, time.Now())
		}
		if a.orders.owesLocked() {
			t.Error("owed before it was sent")
		}
		time.Sleep(time.Second)
		a.orders.sentLocked()
		if !a.orders.owesLocked() || !a.arrivals.owedSince.Equal(time.Now()) {
			t.Errorf("owed: %t, since %v ago", a.orders.owesLocked(), time.Since(a.arrivals.owedSince))
		}
	})
}
