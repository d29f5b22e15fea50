package conversations

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/routing"
)

// route is a plan of two targets, in which the first fails back as the route says.
func route(failback routing.Failback) *routing.Plan {
	plan := &routing.Plan{Candidates: []routing.Candidate{{Target: oak}, {Target: elm}}}
	plan.Failback = failback
	return plan
}

// begin is a call's next generation, and the target that it begins with.
func begin(t *testing.T, r *Registry, name string, failback routing.Failback) (c *Call, first routing.Target) {
	t.Helper()
	c = &Call{ID: ID{"acme", name}, Asked: time.Now(), Kept: kept}
	c.Ask(t.Context(), r)()
	return c, c.Plan(route(failback)).Candidates[0].Target
}

func TestACallBeginsWhereItWasHeardLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Registry
		first, at := begin(t, &r, "call", routing.FailbackConversation)
		if at != oak {
			t.Errorf("a new call begins at %s", at)
		}
		first.NoteHeard(&r, oak)
		first.NoteHeard(&r, elm) // took over
		for name, want := range map[string]routing.Target{"call": elm, "another": oak, "": oak} {
			if _, at := begin(t, &r, name, routing.FailbackConversation); at != want {
				t.Errorf("%q begins at %s, want %s", name, at, want)
			}
		}
		if _, at := begin(t, &r, "call", routing.FailbackContext); at != oak {
			t.Errorf("where routes fail back it begins at %s, want %s", at, oak)
		}
	})
}

// What lasts longer than a call is kept, or is not heard at all, does not make it forgotten in the middle.
func TestACallIsKeptFromItsLastEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Registry
		long, _ := begin(t, &r, "call", routing.FailbackConversation)
		long.NoteHeard(&r, elm)
		time.Sleep(kept / 2)
		unheard, _ := begin(t, &r, "call", routing.FailbackConversation)
		time.Sleep(kept * 2)
		long.NoteEnd(&r)
		time.Sleep(kept)
		unheard.NoteEnd(&r)
		time.Sleep(kept)
		if _, at := begin(t, &r, "call", routing.FailbackConversation); at != elm {
			t.Errorf("begins at %s, want %s", at, elm)
		}
		time.Sleep(1)
		if _, at := begin(t, &r, "call", routing.FailbackConversation); at != oak {
			t.Errorf("later than it is kept it begins at %s, want %s", at, oak)
		}
	})
}
