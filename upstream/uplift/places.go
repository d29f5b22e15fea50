package uplift

import (
	"sync"
	"time"

	"voicerelay/upstream"
)

// linger is how long what was cancelled still counts, since the vendor does not say when it has stopped.
const linger = time.Second

// places bounds the streams at once. The pool can't: it knows of requests, of which a stream has none or several.
type places struct {
	limit int // 0: no bound

	// Guarded by mu.
	mu      sync.Mutex
	taken   int
	leaving []time.Time // until when places count that were left by a cancel, in order
}

// take takes a place.
func (p *places) take(now time.Time) *upstream.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.leaving) > 0 && !now.Before(p.leaving[0]) {
		p.leaving = p.leaving[1:]
	}
	if p.limit > 0 && p.taken+len(p.leaving) >= p.limit {
		return &upstream.Error{Kind: upstream.Throttled, Message: "all streams of this provider are taken"}
	}
	p.taken++
	return nil
}

// leave gives a place back: at once where the vendor has nothing of the stream any more, and in a while otherwise.
func (p *places) leave(now time.Time, gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if !gone && p.limit > 0 {
		p.leaving = append(p.leaving, now.Add(linger))
	}
}
