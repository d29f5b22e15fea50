package speech

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// A vendor that is silent though the stream has let go of everything is late as ever.
func TestReleasedPiecesAreOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begun(relaytest.NewFake().Caps, relaytest.TwelveWords)
		order(s)
		if err := hear(s, relaytest.SamplesPerChar); err != nil {
			t.Fatal(err)
		}
		s.Withheld(len(s.orders.pieces))
		time.Sleep(time.Hour)
		if deadline, complete, err := s.Deadline(time.Now()); err != nil || complete || !deadline.IsZero() {
			t.Errorf("nothing is owed: got %v, %t, %v", deadline, complete, err)
		}
		s.Withheld(0)
		patience := s.cfg.StallTimeout
		if deadline, complete, err := s.Deadline(time.Now()); err != nil || complete || time.Until(deadline) != patience {
			t.Errorf("got %v, %t, %v, want %v", time.Until(deadline), complete, err, patience)
		}
		time.Sleep(patience)
		if _, _, err := s.Deadline(time.Now()); upstream.KindOf(err) != upstream.Stalled {
			t.Errorf("got %v, want stalled", err)
		}
	})
}

// A stream that waits to send, as for a socket, has not ordered the piece yet.
func TestPieceBeingSentIsNotOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begun(relaytest.NewFake().Caps, "Hello there.")
		if _, ok := s.Next(time.Now()); !ok {
			t.Fatal("no piece")
		}
		if s.orders.owes() {
			t.Error("owed before it was sent")
		}
		time.Sleep(time.Second)
		s.Sent()
		if !s.orders.owes() || !s.arrivals.owedSince.Equal(time.Now()) {
			t.Errorf("owed: %t, since %v ago", s.orders.owes(), time.Since(s.arrivals.owedSince))
		}
	})
}
