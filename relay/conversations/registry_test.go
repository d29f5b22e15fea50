package conversations

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/routing"
)

var (
	morning = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	oak     = routing.Target{Provider: "oak", Model: "org/grand"}
	elm     = routing.Target{Provider: "elm"}
	call1   = ID{"acme", "call-1"}
)

const kept = 10 * time.Minute

func at(minutes int) time.Time { return morning.Add(time.Duration(minutes) * time.Minute) }

func wantLast(t *testing.T, r *Registry, id ID, now time.Time, want routing.Target) {
	t.Helper()
	if got := r.Last(id, now).Target; got != want {
		t.Errorf("%v was last spoken by %q, want %q", id, got, want)
	}
}

func TestAConversationIsForgottenAfterItsLastNote(t *testing.T) {
	var r Registry
	wantLast(t, &r, call1, at(0), routing.Target{})
	r.Note(call1, Heard{oak, at(0)}, at(0), kept)
	wantLast(t, &r, call1, at(10), oak)
	r.Note(call1, Heard{oak, at(0)}, at(10), kept)
	wantLast(t, &r, call1, at(20), oak)
	wantLast(t, &r, call1, at(21), routing.Target{})
	wantLast(t, &r, ID{"beta", call1.Name}, at(10), routing.Target{})
}

// A generation that was asked for later counts, though an earlier one is heard after it.
func TestTheLastAskedForCounts(t *testing.T) {
	var r Registry
	r.Note(call1, Heard{oak, at(2)}, at(3), kept)
	r.Note(call1, Heard{elm, at(1)}, at(4), kept)
	wantLast(t, &r, call1, at(4), oak)
	wantLast(t, &r, call1, at(14), oak) // it was in use at 4
	r.Note(call1, Heard{elm, at(2)}, at(5), kept)
	wantLast(t, &r, call1, at(5), elm) // taken over within the generation
}

// Where a key keeps its conversations for longer, others of its tenant are forgotten in their own time.
func TestEachHasItsOwnTime(t *testing.T) {
	var r Registry
	long := ID{"acme", "long"}
	r.Note(long, Heard{oak, at(0)}, at(0), time.Hour)
	r.Note(call1, Heard{oak, at(0)}, at(0), kept)
	wantLast(t, &r, call1, at(11), routing.Target{})
	wantLast(t, &r, long, at(11), oak)
}

func TestATenantsConversationsAreBounded(t *testing.T) {
	var r Registry
	other := ID{"beta", "call"}
	r.Note(other, Heard{elm, at(0)}, at(0), kept)
	for i := range mostPerTenant + 10 {
		r.Note(ID{"acme", fmt.Sprint(i)}, Heard{oak, at(0)}, at(0), kept)
	}
	wantLast(t, &r, ID{"acme", "9"}, at(0), routing.Target{})
	wantLast(t, &r, ID{"acme", "10"}, at(0), oak)
	wantLast(t, &r, other, at(0), elm)
	if of := r.tenants["acme"]; len(of.byName) != mostPerTenant || of.order.Len() != mostPerTenant {
		t.Errorf("%d conversations are kept, in a list of %d, want %d", len(of.byName), of.order.Len(), mostPerTenant)
	}
}
