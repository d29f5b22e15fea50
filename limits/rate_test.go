package limits

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRateGivesAMinuteAtOnceThenEvenly(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	r := NewRate(60)
	for i := range 60 {
		if ok, _ := r.Take(now); !ok {
			t.Fatalf("take %d is refused, want the whole minute's allowance", i)
		}
	}
	ok, wait := r.Take(now)
	if ok || wait != time.Second {
		t.Fatalf("Take = %v, %s, want refused for 1s", ok, wait)
	}
	if ok, wait = r.Take(now.Add(400 * time.Millisecond)); ok || wait != 600*time.Millisecond {
		t.Errorf("after 400 ms: Take = %v, %s, want refused for 600ms", ok, wait)
	}
	now = now.Add(time.Second)
	if ok, _ = r.Take(now); !ok {
		t.Errorf("after a second: refused, want one")
	}
	if ok, _ = r.Take(now); ok {
		t.Errorf("after a second: a second one, want one")
	}
}

// Whoever waits as long as it was told is served, and not a millisecond more than needed was asked.
func TestRateRetryAfterHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perMinute := rapid.IntRange(1, 10_000).Draw(t, "perMinute")
		r, now := NewRate(perMinute), time.Unix(1_700_000_000, 0)
		for range rapid.IntRange(1, 200).Draw(t, "takes") {
			now = now.Add(time.Duration(rapid.IntRange(0, int(time.Second)).Draw(t, "pause")))
			ok, wait := r.Take(now)
			if ok {
				continue
			}
			if wait < time.Millisecond || wait%time.Millisecond != 0 {
				t.Fatalf("retryAfter = %s, want whole milliseconds", wait)
			}
			if even := time.Minute / time.Duration(perMinute); wait > even+2*time.Millisecond {
				t.Fatalf("retryAfter = %s, want at most %s", wait, even)
			}
			now = now.Add(wait)
			if ok, again := r.Take(now); !ok {
				t.Fatalf("refused after %s as told, for another %s", wait, again)
			}
		}
	})
}

func TestWhenTheNextTokenComes(t *testing.T) {
	now := time.Now()
	r := NewRate(60)
	if r.After(now) != 0 || r.Scarce(now) {
		t.Error("a full bucket lets nobody pass")
	}
	for range 59 {
		r.Take(now)
	}
	if r.After(now) != 0 || !r.Scarce(now) {
		t.Errorf("with one token left the next comes after %v, scarce %v", r.After(now), r.Scarce(now))
	}
	r.Take(now)
	wait := r.After(now)
	if wait < 900*time.Millisecond || wait > 1100*time.Millisecond {
		t.Errorf("the next token of 60 a minute comes after %v", wait)
	}
	if ok, _ := r.Take(now.Add(wait + time.Millisecond)); !ok {
		t.Error("there is no token then")
	}
}
