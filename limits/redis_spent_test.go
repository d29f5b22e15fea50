package limits_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"voicerelay/limits"
)

// spentWithout spends of tenant acme, which has no budget.
func spentWithout(t *testing.T, b limits.Budgets, micros int64) {
	t.Helper()
	p, err := b.Open(t.Context(), limits.Expense{Owner: limits.Owner{Tenant: "acme"}, RecordID: "rec-free"})
	if err != nil {
		t.Fatal(err)
	}
	spentBy(t, p, micros)
}

func spentBy(t *testing.T, p limits.Reservation, micros int64) {
	t.Helper()
	if err := p.Settle(t.Context(), limits.Spent{"EUR": micros}); err != nil {
		t.Fatal(err)
	}
}

// wantNothingLeft says that acme's budget of ten a day is spent.
func wantNothingLeft(t *testing.T, b limits.Budgets) {
	t.Helper()
	var spent *limits.BudgetError
	if _, err := b.Open(t.Context(), costing("over")); !errors.As(err, &spent) {
		t.Fatalf("Open = %v, want the budget to be spent", err)
	}
}

// withTwo runs a body over two relays at one in-process Redis, on fake time.
func withTwo(t *testing.T, cfg limits.RedisConfig, body func(t *testing.T, mini *miniredis.Miniredis, one, other *limits.Redis)) {
	synctest.Test(t, func(t *testing.T) {
		mini := miniredis.NewMiniRedis()
		mini.ClockTTL(true)
		t.Cleanup(mini.Close)
		body(t, mini, newRedis(t, cfg, miniClient(t, mini)), newRedis(t, cfg, miniClient(t, mini)))
	})
}

// A tenant gets a budget while relays run: what they have spent counts from the first generation on, at each of them.
func TestNewBudgetCountsWhatWasSpent(t *testing.T) {
	withTwo(t, limits.RedisConfig{}, func(t *testing.T, _ *miniredis.Miniredis, one, other *limits.Redis) {
		spentWithout(t, one, 4)
		wantLeft(t, one, 6) // at once
		spentWithout(t, other, 3)
		time.Sleep(2 * time.Second) // the other tells what it spends without a budget once a second
		wantLeft(t, one, 3)
		wantLeft(t, other, 3)
		spentWithout(t, one, 3) // the budget was taken away for a while
		wantNothingLeft(t, one)
	})
}

// What was spent before relays counted it, or by relays that are gone, is in what they have recorded.
func TestNewBudgetCountsWhatIsRecorded(t *testing.T) {
	var recorded atomic.Int64
	cfg := limits.RedisConfig{Lease: 3 * time.Hour, Recorded: func(_ context.Context, of limits.Owner, currency string, from time.Time) (int64, error) {
		if of.Tenant != "acme" || currency != "EUR" || from.After(time.Now()) {
			return 0, errors.New("asked for something else")
		}
		return recorded.Load(), nil
	}}
	withTwo(t, cfg, func(t *testing.T, mini *miniredis.Miniredis, one, other *limits.Redis) {
		spentWithout(t, one, 2)
		recorded.Store(6) // four before, and the two, which are not counted twice
		wantLeft(t, one, 4)
		recorded.Store(8) // those that are counted now are no news
		wantLeft(t, other, 4)
		mini.FlushAll()
		wantLeft(t, one, 4) // the records are not there either, but the relay remembers
		wantLeft(t, other, 4)
		time.Sleep(24 * time.Hour)
		recorded.Store(1)
		wantLeft(t, other, 9)
	})
}

// Where what was recorded can't be read the relay decides alone, and asks again.
func TestRecordsThatCannotBeRead(t *testing.T) {
	fault := errors.New("not now")
	cfg := limits.RedisConfig{Recorded: func(context.Context, limits.Owner, string, time.Time) (int64, error) { return 7, fault }}
	withTwo(t, cfg, func(t *testing.T, _ *miniredis.Miniredis, one, _ *limits.Redis) {
		spentWithout(t, one, 1)
		wantLeft(t, one, 9)
		if one.Away() {
			t.Error("Redis counts as away")
		}
		fault = nil
		wantLeft(t, one, 3)
	})
}

// A Redis that loses all it has is made whole by the first who asks, also with what the others have spent and hold, however
// often it happens.
func TestForgetfulRedisGrantsNothingTwice(t *testing.T) {
	withTwo(t, limits.RedisConfig{}, func(t *testing.T, mini *miniredis.Miniredis, one, other *limits.Redis) {
		spentBy(t, opened(t, one, "1"), 2)
		spentBy(t, opened(t, other, "2"), 3)
		held := opened(t, other, "held")
		reserved(t, held, 2)
		wantLeft(t, one, 3)
		for range 3 {
			mini.FlushAll()
			wantLeft(t, one, 3) // the other has not said a word since
		}
		spentBy(t, opened(t, one, "3"), 1)
		mini.FlushAll()
		wantLeft(t, one, 2)
		wantLeft(t, other, 2)
		spentBy(t, held, 0)
		time.Sleep(2 * time.Minute) // what was held at least is forgotten, what was spent is not
		wantLeft(t, one, 4)
		wantLeft(t, other, 4)
		mini.FlushAll()
		wantLeft(t, other, 4)
	})
}

// What relays that are gone have spent is remembered by those that run.
func TestForgetfulRedisIsToldOfRelaysThatAreGone(t *testing.T) {
	withTwo(t, limits.RedisConfig{}, func(t *testing.T, mini *miniredis.Miniredis, one, _ *limits.Redis) {
		gone := newRedis(t, limits.RedisConfig{}, miniClient(t, mini))
		spentBy(t, opened(t, gone, "1"), 5)
		if err := gone.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		spentBy(t, opened(t, one, "2"), 1)
		time.Sleep(time.Minute)
		mini.FlushAll()
		wantLeft(t, one, 4)
		time.Sleep(2 * time.Minute)
		spentBy(t, opened(t, one, "3"), 3)
		wantLeft(t, one, 1)
	})
}

// The same at a real server, which may also be an older copy of itself.
func TestEmptiedServerGrantsNothingTwice(t *testing.T) {
	server := startServer(t)
	one, other := newRedis(t, patient(), server.client(t)), newRedis(t, patient(), server.client(t))
	spentBy(t, opened(t, one, "1"), 2)
	spentBy(t, opened(t, other, "2"), 3)
	wantLeft(t, one, 5)
	for range 3 {
		if err := server.client(t).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		wantLeft(t, one, 5)
		wantLeft(t, other, 5)
	}
	spentWithout(t, other, 5)
	if err := other.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantNothingLeft(t, one)
}
