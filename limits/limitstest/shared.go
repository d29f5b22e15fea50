package limitstest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voicerelay/limits"
)

// Relay is what one relay asks.
type Relay interface {
	limits.Store
	limits.Budgets
	Claim(ctx context.Context, c limits.Crossing) (bool, error)
}

// RunShared runs every case over two relays that share one truth, in which nothing has happened, and which with
// provides for as long as body runs.
func RunShared(t *testing.T, with func(t *testing.T, body func(t *testing.T, one, other Relay))) {
	cases := []struct {
		name string
		body func(t *testing.T, one, other Relay)
	}{
		{"a key used on one is a duplicate on the other", sharedKeys},
		{"a key is free again on the other", sharedFree},
		{"slots hold over both", sharedSlots},
		{"the rate holds over both", sharedRate},
		{"the budget holds over both", sharedBudget},
		{"what is spent at a provider is known at both", sharedProvider},
		{"one of them tells of a crossing", sharedCrossing},
		{"an admission asked for again is the same one", askedAgain},
		{"no more get in at both than there is room for", sharedRace},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { with(t, c.body) })
	}
}

func sharedKeys(t *testing.T, one, other Relay) {
	grant := admit(t, Fixture{Store: one}, admission("1", "k"))
	wantFirst(t, Fixture{Store: other}, "k", "1", limits.Running)
	settle(t, grant, limits.Cancelled, true)
	wantFirst(t, Fixture{Store: other}, "k", "1", limits.Cancelled)
}

func sharedFree(t *testing.T, one, other Relay) {
	settle(t, admit(t, Fixture{Store: one}, admission("1", "k")), limits.Failed, false)
	admit(t, Fixture{Store: other}, admission("2", "k"))
	wantFirst(t, Fixture{Store: one}, "k", "2", limits.Running)
}

func sharedSlots(t *testing.T, one, other Relay) {
	limited := func(id string) limits.Admission {
		a := admission(id, "")
		a.Limits.MaxConcurrentGenerations = 2
		return a
	}
	grant := admit(t, Fixture{Store: one}, limited("1"))
	admit(t, Fixture{Store: other}, limited("2"))
	refused[*limits.TooManyError](t, Fixture{Store: one}, limited("3"))
	refused[*limits.TooManyError](t, Fixture{Store: other}, limited("3"))
	settle(t, grant, limits.Completed, true)
	admit(t, Fixture{Store: other}, limited("3"))
}

func sharedRate(t *testing.T, one, other Relay) {
	for i, relay := range []Relay{one, other, one, other} {
		admit(t, Fixture{Store: relay}, rated(fmt.Sprint(i), 4))
	}
	refused[*limits.RateError](t, Fixture{Store: one}, rated("over", 4))
	refused[*limits.RateError](t, Fixture{Store: other}, rated("over", 4))
}

func sharedBudget(t *testing.T, one, other Relay) {
	p := open(t, BudgetFixture{Budgets: one}, expense("1"))
	reserve(t, p, 6)
	q := open(t, BudgetFixture{Budgets: other}, expense("2"))
	wantSpent(t, q.Reserve(t.Context(), 5), limits.Daily)
	reserve(t, q, 4)
	spend(t, p, 2)
	spend(t, q, 3)
	wantLeft(t, BudgetFixture{Budgets: one}, 5)
	wantLeft(t, BudgetFixture{Budgets: other}, 5)
}

// A script whose answer was lost is run again. It must not find its own claim in the way, nor take twice.
func askedAgain(t *testing.T, one, other Relay) {
	a := admission("1", "k")
	a.Limits = limits.Tenant{GenerationsPerMinute: 2, MaxConcurrentGenerations: 2}
	admit(t, Fixture{Store: one}, a)
	admit(t, Fixture{Store: one}, a)
	b := admission("2", "")
	b.Limits = a.Limits
	admit(t, Fixture{Store: other}, b)
}

func sharedRace(t *testing.T, one, other Relay) {
	const many, room = 40, 7
	var admitted, reserved atomic.Int64
	var group sync.WaitGroup
	for i := range many {
		relay := []Relay{one, other}[i%2]
		a := admission(fmt.Sprint(i), "")
		a.Limits.MaxConcurrentGenerations = room
		group.Go(func() {
			if _, err := relay.Admit(context.Background(), a); err == nil {
				admitted.Add(1)
			}
			if p, err := relay.Open(context.Background(), expense(fmt.Sprint(i))); err == nil && p.Reserve(context.Background(), 3) == nil {
				reserved.Add(1)
			}
		})
	}
	group.Wait()
	if got := admitted.Load(); got != room {
		t.Errorf("%d were admitted, want %d", got, room)
	}
	if got := reserved.Load(); got != 3 {
		t.Errorf("%d reserved three of ten each, want 3", got)
	}
}

// A provider's budget refuses nothing: generations open without it, and are counted.
func sharedProvider(t *testing.T, one, other Relay) {
	for i, relay := range []Relay{one, other} {
		e := limits.Expense{Owner: ofProvider, RecordID: expense(relayNames[i]).RecordID}
		spend(t, open(t, BudgetFixture{Budgets: relay}, e), 6)
	}
	balance := func(relay Relay) int64 {
		b, err := relay.Balance(t.Context(), ofProvider, limits.Budget{Currency: "EUR", Daily: 10})
		if err != nil {
			t.Fatal(err)
		}
		return b.Daily.Spent
	}
	balance(one) // tells what it has spent
	if got := balance(other); got != 12 {
		t.Errorf("the other knows of %d, want 12", got)
	}
	if got := balance(one); got != 12 {
		t.Errorf("the one knows of %d, want 12", got)
	}
}

var relayNames = []string{"one", "other"}

func sharedCrossing(t *testing.T, one, other Relay) {
	c := limits.Crossing{Owner: ofKey, Period: limits.Daily, Currency: "EUR", At: limits.Whole}
	c.Most, c.Spent, c.Anew = 10, 10, time.Now().Add(time.Hour)
	for _, step := range []struct {
		name  string
		relay Relay
		want  bool
	}{{"the first", one, true}, {"the other", other, false}, {"the first again", one, true}} {
		got, err := step.relay.Claim(t.Context(), c)
		if err != nil || got != step.want {
			t.Errorf("%s: Claim = %v, %v, want %v", step.name, got, err, step.want)
		}
	}
	c.At /= 2
	if got, err := other.Claim(t.Context(), c); !got || err != nil {
		t.Errorf("another crossing: Claim = %v, %v", got, err)
	}
}
