package limitstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voicerelay/limits"
)

// Fixture is an empty store, and its clock.
type Fixture struct {
	Store limits.Store
	// Advance lets time pass for the store.
	Advance func(d time.Duration)
}

// Run runs every case over a fixture of its own, which with provides for as long as body runs.
func Run(t *testing.T, with func(t *testing.T, body func(t *testing.T, f Fixture))) {
	cases := []struct {
		name string
		body func(t *testing.T, f Fixture)
	}{
		{"a second use of a key names the first", secondUse},
		{"tenants and keys are apart", apart},
		{"no key is never a duplicate", noKey},
		{"what was heard counts until its window is over", heardCounts},
		{"what was not heard frees the key", unheardFrees},
		{"a running generation keeps its key beyond the window", runningKeeps},
		{"slots come back once", slotsComeBackOnce},
		{"a minute's allowance at once, then evenly", rateIsEven},
		{"a changed rate starts full", changedRate},
		{"a refusal takes nothing", refusalTakesNothing},
		{"a duplicate is told as one whatever else is spent", duplicateGoesFirst},
		{"one of many wins a key", oneOfManyWins},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { with(t, c.body) })
	}
}

const window = time.Hour

// admission is what tests ask for; id makes it one of its own.
func admission(id, key string) limits.Admission {
	return limits.Admission{
		Tenant: "acme", Key: "bot", RecordID: "rec-" + id, GenerationID: "gen-" + id,
		IdempotencyKey: key, Window: window,
	}
}

func admit(t *testing.T, f Fixture, a limits.Admission) limits.Grant {
	t.Helper()
	grant, err := f.Store.Admit(t.Context(), a)
	if err != nil {
		t.Fatalf("Admit(%s) = %v, want a grant", a.RecordID, err)
	}
	return grant
}

func settle(t *testing.T, g limits.Grant, end limits.State, heard bool) {
	t.Helper()
	if err := g.Settle(t.Context(), end, heard); err != nil {
		t.Fatalf("Settle = %v", err)
	}
}

// refused returns the refusal of the wanted type.
func refused[E error](t *testing.T, f Fixture, a limits.Admission) E {
	t.Helper()
	var refusal E
	_, err := f.Store.Admit(t.Context(), a)
	if !errors.As(err, &refusal) {
		t.Fatalf("Admit(%s) = %v, want a %T", a.RecordID, err, refusal)
	}
	return refusal
}

func wantFirst(t *testing.T, f Fixture, key, id string, state limits.State) {
	t.Helper()
	got := refused[*limits.DuplicateError](t, f, admission("other", key)).First
	want := limits.First{GenerationID: "gen-" + id, RecordID: "rec-" + id, State: state}
	if got != want {
		t.Errorf("First = %+v, want %+v", got, want)
	}
}

func secondUse(t *testing.T, f Fixture) {
	admit(t, f, admission("1", "k"))
	wantFirst(t, f, "k", "1", limits.Running)
}

func apart(t *testing.T, f Fixture) {
	admit(t, f, admission("1", "k"))
	admit(t, f, admission("2", "K"))
	other := admission("3", "k")
	other.Tenant = "other"
	admit(t, f, other)
}

func noKey(t *testing.T, f Fixture) {
	admit(t, f, admission("1", ""))
	settle(t, admit(t, f, admission("2", "")), limits.Completed, true)
	admit(t, f, admission("3", ""))
}

func heardCounts(t *testing.T, f Fixture) {
	for i, state := range []limits.State{limits.Completed, limits.Cancelled, limits.Failed} {
		key := string(state)
		settle(t, admit(t, f, admission(fmt.Sprint(i), key)), state, true)
		wantFirst(t, f, key, fmt.Sprint(i), state)
	}
	f.Advance(window - time.Minute)
	wantFirst(t, f, "failed", "2", limits.Failed)
	f.Advance(2 * time.Minute)
	admit(t, f, admission("again", "failed"))
}

func unheardFrees(t *testing.T, f Fixture) {
	settle(t, admit(t, f, admission("1", "k")), limits.Failed, false)
	grant := admit(t, f, admission("2", "k"))
	wantFirst(t, f, "k", "2", limits.Running)
	settle(t, grant, limits.Completed, true)
	wantFirst(t, f, "k", "2", limits.Completed)
}

func runningKeeps(t *testing.T, f Fixture) {
	grant := admit(t, f, admission("1", "k"))
	f.Advance(window + time.Minute)
	wantFirst(t, f, "k", "1", limits.Running)
	settle(t, grant, limits.Completed, true)
	f.Advance(window + time.Minute)
	admit(t, f, admission("2", "k"))
}

func slotsComeBackOnce(t *testing.T, f Fixture) {
	limited := func(id string) limits.Admission {
		a := admission(id, "")
		a.Limits.MaxConcurrentGenerations = 2
		return a
	}
	first := admit(t, f, limited("1"))
	admit(t, f, limited("2"))
	if got := refused[*limits.TooManyError](t, f, limited("3")).Most; got != 2 {
		t.Errorf("Most = %d, want 2", got)
	}
	settle(t, first, limits.Completed, true)
	settle(t, first, limits.Completed, true) // must not free the other's slot
	admit(t, f, limited("4"))
	refused[*limits.TooManyError](t, f, limited("5"))
}

func rated(id string, perMinute int) limits.Admission {
	a := admission(id, "")
	a.Limits.GenerationsPerMinute = perMinute
	return a
}

func rateIsEven(t *testing.T, f Fixture) {
	const perMinute = 30 // one every two seconds
	for i := range perMinute {
		admit(t, f, rated(fmt.Sprint(i), perMinute))
	}
	refusal := refused[*limits.RateError](t, f, rated("over", perMinute))
	if wait := refusal.RetryAfter; wait <= 0 || wait > 2*time.Second || wait%time.Millisecond != 0 {
		t.Errorf("RetryAfter = %s, want whole milliseconds up to 2 s", wait)
	}
	f.Advance(refusal.RetryAfter)
	admit(t, f, rated("later", perMinute))
	refused[*limits.RateError](t, f, rated("over again", perMinute))
}

func changedRate(t *testing.T, f Fixture) {
	admit(t, f, rated("1", 1))
	refused[*limits.RateError](t, f, rated("2", 1))
	admit(t, f, rated("3", 2))
	admit(t, f, rated("4", 2))
	refused[*limits.RateError](t, f, rated("5", 2))
	admit(t, f, rated("6", 0))
}

func refusalTakesNothing(t *testing.T, f Fixture) {
	limited := func(id, key string) limits.Admission {
		a := admission(id, key)
		a.Limits = limits.Tenant{GenerationsPerMinute: 2, MaxConcurrentGenerations: 1}
		return a
	}
	grant := admit(t, f, limited("1", "k1"))
	for range 5 {
		refused[*limits.DuplicateError](t, f, limited("dup", "k1"))
		refused[*limits.TooManyError](t, f, limited("beside", "k2"))
	}
	settle(t, grant, limits.Completed, true)
	settle(t, admit(t, f, limited("2", "k2")), limits.Completed, true) // neither k2 nor the second token is gone
	refused[*limits.RateError](t, f, limited("3", "k3"))
	unlimited := admission("4", "k3")
	admit(t, f, unlimited) // nor is k3
}

func duplicateGoesFirst(t *testing.T, f Fixture) {
	a := admission("1", "k")
	a.Limits = limits.Tenant{GenerationsPerMinute: 1, MaxConcurrentGenerations: 1}
	admit(t, f, a)
	a.RecordID = "rec-2"
	refused[*limits.DuplicateError](t, f, a)
}

func oneOfManyWins(t *testing.T, f Fixture) {
	const many = 50
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			_, err := f.Store.Admit(context.Background(), admission(fmt.Sprint(i), "k"))
			var duplicate *limits.DuplicateError
			switch {
			case err == nil:
				won.Add(1)
			case !errors.As(err, &duplicate):
				t.Errorf("Admit = %v, want a *DuplicateError", err)
			}
		})
	}
	group.Wait()
	if got := won.Load(); got != 1 {
		t.Errorf("%d of %d got the key, want 1", got, many)
	}
}
