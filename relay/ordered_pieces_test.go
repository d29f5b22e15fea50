package relay

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// A vendor that is silent though the stream has let go of everything is late as ever.
func TestReleasedPiecesAreOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := speakingTo(t, relaytest.NewFake().Caps, relaytest.TwelveWords)
		ordered(a)
		a.Audio(relaytest.FakeFrame('a'))
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
		a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: relaytest.FakeRate}, false)
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
