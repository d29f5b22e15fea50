package limits

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Rate is a token bucket: a whole minute's allowance at once, then evenly. It is safe for concurrent use.
type Rate struct{ bucket *rate.Limiter }

// NewRate is a full bucket. perMinute is at least 1.
func NewRate(perMinute int) *Rate {
	return &Rate{bucket: rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)}
}

// Take takes a token. Where there is none, nothing changes, and retryAfter is when the next one comes:
// whole milliseconds, rounded up, so that a client which waits that long is served.
func (r *Rate) Take(now time.Time) (ok bool, retryAfter time.Duration) {
	if r.bucket.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - r.bucket.TokensAt(now)
	wait := math.Ceil(missing / float64(r.bucket.Limit()) * 1000)
	return false, max(time.Duration(wait), 1) * time.Millisecond
}

// Scarce reports whether there is one token at most.
func (r *Rate) Scarce(now time.Time) bool { return r.bucket.TokensAt(now) < 2 }

// After is how long it takes until there is a token; 0: there is one.
func (r *Rate) After(now time.Time) time.Duration {
	missing := 1 - r.bucket.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return max(time.Duration(missing/float64(r.bucket.Limit())*float64(time.Second)), time.Millisecond)
}

// full reports whether the bucket is as good as new.
func (r *Rate) full(now time.Time) bool {
	return r.bucket.TokensAt(now) >= float64(r.bucket.Burst())
}
