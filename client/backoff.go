package client

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is a wait that doubles with each failure in a row.
type Backoff struct {
	// First is the longest wait after the first failure; 0: 100 ms.
	First time.Duration
	// Most bounds every wait; 0: 10 s.
	Most time.Duration
}

func (b Backoff) withDefaults() Backoff {
	if b.First <= 0 {
		b.First = 100 * time.Millisecond
	}
	if b.Most <= 0 {
		b.Most = 10 * time.Second
	}
	return b
}

// ceiling is the longest wait after so many failures in a row, at least one.
func (b Backoff) ceiling(failures int) time.Duration {
	wait := min(b.First, b.Most)
	for range failures - 1 {
		if wait > b.Most/2 {
			return b.Most
		}
		wait *= 2
	}
	return wait
}

// after is how long to wait after so many failures: between half of the ceiling and all of it, so that clients which
// a relay dropped at once don't all come back at once.
func (b Backoff) after(failures int) time.Duration {
	ceiling := b.ceiling(failures)
	return ceiling/2 + rand.N(ceiling/2+1)
}

// sleep reports false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
