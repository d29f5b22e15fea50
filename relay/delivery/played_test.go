package delivery

import (
	"testing"
	"testing/synctest"
	"time"
)

// What a client says that it has played sets its clock: how much it has in hand, and how far ahead audio may be sent.
func TestTheClientsWordSetsItsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := NewOutbox(noWriter{}, nil)
		o.pace.lead = 2 * time.Second
		lane := released(o, nil, func() {})
		for range 40 { // ten seconds
			lane.Push(quarter())
		}
		if got := takeAll(o); got != 2250*time.Millisecond {
			t.Fatalf("%v goes out at once, want the lead and a message", got)
		}
		time.Sleep(time.Second)
		lane.PlaysAt(0, time.Now()) // it has paused
		if got := lane.InHand(time.Now()); got != 10*time.Second {
			t.Errorf("%v in hand, want all that was pushed", got)
		}
		if got := takeAll(o); got != 0 {
			t.Errorf("%v goes out to a client that has not played the lead", got)
		}
		lane.PlaysAt(2*24000, time.Now())
		if got := lane.InHand(time.Now()); got != 8*time.Second {
			t.Errorf("%v in hand, want eight seconds", got)
		}
		if got := takeAll(o); got != 2*time.Second {
			t.Errorf("%v goes out after two seconds were played, want as much", got)
		}
		lane.PlaysAt(3600*24000, time.Now()) // more than there is
		if got := lane.InHand(time.Now()); got != 0 {
			t.Errorf("%v in hand of a client that says it has played all", got)
		}
		lane.Purge()
		o.Close()
	})
}

// A generation whose turn has not come has played nothing, whatever its client says.
func TestNothingIsPlayedBeforeItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := NewOutbox(noWriter{}, nil)
		var turn Turn
		first, second := released(o, &turn, func() {}), released(o, &turn, func() {})
		first.Push(quarter())
		second.Push(quarter())
		second.PlaysAt(0, time.Now())
		if got := first.InHand(time.Now()); got != 250*time.Millisecond {
			t.Errorf("%v in hand, want the first message", got)
		}
		first.Purge()
		second.Purge()
		o.Close()
	})
}
