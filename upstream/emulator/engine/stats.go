package engine

import (
	"slices"
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

// Stats is what has been seen so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.clone()
}

// WaitFor waits until what has been seen satisfies a condition, and reports whether it did in time.
// The condition is called without a lock, with a copy of its own.
func (s *Server) WaitFor(condition func(Stats) bool, within time.Duration) bool {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		seen, changed := s.stats.clone(), s.changed
		s.mu.Unlock()
		if condition(seen) {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return condition(s.Stats())
		}
	}
}

// Note changes what has been seen.
// The change is made under the lock, so it must not call the server.
func (s *Server) Note(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
	s.stats.MaxOpenSockets = max(s.stats.MaxOpenSockets, s.stats.OpenSockets)
	s.stats.MaxOpenContexts = max(s.stats.MaxOpenContexts, s.stats.OpenContexts)
	close(s.changed)
	s.changed = make(chan struct{})
}

// Connected notes a socket, and later its end.
func (s *Server) Connected() (over func()) {
	s.Note(func(st *Stats) { st.Sockets++; st.OpenSockets++ })
	return func() { s.Note(func(st *Stats) { st.OpenSockets-- }) }
}

// Begin enters a stream and returns its index in the stats.
// Indexes are never used again, as an id may be.
func (s *Server) Begin(id string) (index int) {
	s.Note(func(st *Stats) {
		index = len(st.Streams)
		st.Streams = append(st.Streams, Stream{ID: id})
		st.OpenContexts++
	})
	return index
}

// Stream changes what has been seen of a stream.
func (s *Server) Stream(index int, change func(*Stream)) {
	s.Note(func(st *Stats) { change(&st.Streams[index]) })
}

// Finish notes a stream's end, once.
func (s *Server) Finish(index int) {
	s.Note(func(st *Stats) {
		if !st.Streams[index].Over {
			st.Streams[index].Over = true
			st.OpenContexts--
		}
	})
}
