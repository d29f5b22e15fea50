package engine

import (
	"slices"
	"sync"
	"time"
)

// Stats is what an emulator has seen.
type Stats struct {
	OpenSockets, MaxOpenSockets   int
	OpenContexts, MaxOpenContexts int
	// Sockets counts connections, Refused those that were not let in.
	Sockets, Refused int
	// Cancels are the orders to stop, in the client's words.
	Cancels []Cancel
	// Streams are the contexts, in the order in which they began.
	Streams []Stream
}

// Cancel is an order to stop.
// ID is the stream's as the client named it; empty: all of them, or a protocol without names.
type Cancel struct {
	ID string
	At time.Time
}

// Stream is a context, or a single request.
type Stream struct {
	ID string
	// Texts are the pieces as they were received, Flushes the orders to speak.
	Texts   []string
	Flushes int
	// KeepAlives counts the empty texts that only keep it open.
	KeepAlives int
	// Audio is what was generated, and so what is charged.
	Audio time.Duration
	// Charge is in millionths of a currency unit; the vendor may not have told it.
	Charge int64
	Over   bool
}

// clone is a copy that no one else changes.
func (s Stats) clone() Stats {
	s.Cancels = slices.Clone(s.Cancels)
	s.Streams = slices.Clone(s.Streams)
	for i := range s.Streams {
		s.Streams[i].Texts = slices.Clone(s.Streams[i].Texts)
	}
	return s
}

// record keeps what an emulator sees.
type record struct {
	mu      sync.Mutex // guards what follows
	stats   Stats
	changed chan struct{} // closed and replaced whenever stats change
}

// Stats is what has been seen so far.
func (r *record) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats.clone()
}

// WaitFor waits until what has been seen satisfies a condition, and reports whether it did in time.
// The condition is called without a lock, with a copy of its own.
func (r *record) WaitFor(condition func(Stats) bool, within time.Duration) bool {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		r.mu.Lock()
		seen, changed := r.stats.clone(), r.changed
		r.mu.Unlock()
		if condition(seen) {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return condition(r.Stats())
		}
	}
}

// Note changes what has been seen.
// The change is made under the lock, so it must not call the server.
func (r *record) Note(change func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.stats)
	r.stats.MaxOpenSockets = max(r.stats.MaxOpenSockets, r.stats.OpenSockets)
	r.stats.MaxOpenContexts = max(r.stats.MaxOpenContexts, r.stats.OpenContexts)
	close(r.changed)
	r.changed = make(chan struct{})
}

// Connected notes a socket, and later its end.
func (r *record) Connected() (over func()) {
	r.Note(func(st *Stats) { st.Sockets++; st.OpenSockets++ })
	return func() { r.Note(func(st *Stats) { st.OpenSockets-- }) }
}

// Begin enters a stream and returns its index in the stats.
// Indexes are never used again, as an id may be.
func (r *record) Begin(id string) (index int) {
	r.Note(func(st *Stats) {
		index = len(st.Streams)
		st.Streams = append(st.Streams, Stream{ID: id})
		st.OpenContexts++
	})
	return index
}

// Stream changes what has been seen of a stream.
func (r *record) Stream(index int, change func(*Stream)) {
	r.Note(func(st *Stats) { change(&st.Streams[index]) })
}

// Finish notes a stream's end, once.
func (r *record) Finish(index int) {
	r.Note(func(st *Stats) {
		if !st.Streams[index].Over {
			st.Streams[index].Over = true
			st.OpenContexts--
		}
	})
}
