package upstream

import (
	"context"
	"sync"
)

// Lifetime is the life that the streams of all vendors share: pieces are ordered up to a last one, Close may stop the
// stream, and it ends once. An adapter's stream embeds it, guards its own state by the same lock, and adds what its vendor
// must be sent and says.
//
// Invariants:
//
//  1. The sink is called with the lock held. So its calls come one at a time, and none comes once Close has ended the
//     stream; the caller of Speak or Close must hold no lock that the sink takes.
//  2. A stream that has been stopped delivers nothing more but its end, with the cause that Close was given, whatever the
//     vendor says meanwhile.
//  3. A stream ends once. What happens after its end is ignored.
//
// A method whose name ends in Locked needs the lock; the others take it, unless they say who calls them.
type Lifetime struct {
	// Static after NewLifetime.
	sink Sink
	over chan struct{} // closed by the end

	// Owned by the caller of Speak and Close.
	closed bool

	sync.Mutex
	// Guarded by the Mutex.
	last     bool  // the last piece has been ordered
	withheld int   // pieces that the sink knows to be kept back
	stopped  error // the cause that Close was given
	ended    bool
}

// NewLifetime is the life of a stream that delivers to the sink.
func NewLifetime(sink Sink) Lifetime { return Lifetime{sink: sink, over: make(chan struct{})} }

// Sink is where the stream's events go. It is called with the lock held, and not by a stream that is silent.
func (l *Lifetime) Sink() Sink { return l.sink }

// OrderLocked notes that a piece is ordered. Its error is that of a piece which may not come: after the last one, after
// Close, or after the end. The caller of Speak calls it.
func (l *Lifetime) OrderLocked(p Piece) error {
	switch {
	case l.closed || l.last:
		return &Error{Kind: Rejected, Message: "a piece after the last"}
	case l.ended:
		return &Error{Kind: Dropped, Message: "the stream has ended"}
	}
	l.last = p.Last
	return nil
}

// LastLocked reports whether the last piece has been ordered.
func (l *Lifetime) LastLocked() bool { return l.last }

// WithholdLocked tells the sink how many of the last pieces are kept back, where that has changed.
func (l *Lifetime) WithholdLocked(n int) {
	if n != l.withheld {
		l.withheld = n
		l.sink.Withheld(n)
	}
}

// BeginClose begins Close. It reports false where the stream has been closed before, so that nothing is left to do. Only
// the caller of Close calls it.
func (l *Lifetime) BeginClose() bool {
	first := !l.closed
	l.closed = true
	return first
}

// Stop silences the stream for the cause that Close was given. It reports false where the stream has ended.
func (l *Lifetime) Stop(cause error) bool {
	l.Lock()
	defer l.Unlock()
	return l.StopLocked(cause)
}

// StopLocked is Stop for a caller that has the lock.
func (l *Lifetime) StopLocked(cause error) bool {
	if !l.ended {
		l.stopped = CloseCause(cause)
	}
	return !l.ended
}

// StoppedLocked reports whether Close has stopped the stream before it ended.
func (l *Lifetime) StoppedLocked() bool { return l.stopped != nil }

// EndedLocked reports whether the stream has ended.
func (l *Lifetime) EndedLocked() bool { return l.ended }

// SilentLocked reports whether the sink must hear no more but the end.
func (l *Lifetime) SilentLocked() bool { return l.ended || l.stopped != nil }

// EndLocked ends a stream, once: with err, unless Close has stopped it for a cause.
func (l *Lifetime) EndLocked(u Usage, err error) {
	if l.ended {
		return
	}
	l.ended = true
	u.RequestID = RequestID(u.RequestID)
	if l.stopped != nil {
		err = l.stopped
	}
	l.sink.End(u, err)
	close(l.over)
}

// AwaitEnd waits until the stream has ended, and reports false where ctx ends before.
func (l *Lifetime) AwaitEnd(ctx context.Context) bool {
	select {
	case <-l.over:
		return true
	case <-ctx.Done():
		return false
	}
}
