package client

import "sync"

// queue is what has come of a speech and was not taken yet. The connection's reader fills it and never waits, so that no
// speech holds up another.
type queue struct {
	// Static after newQueue.
	most, mostUnheard int           // in bytes: once a range has begun, and before
	came              chan struct{} // holds one: there may be something to take

	mu      sync.Mutex // guards what follows
	waiting []queued   // from next on
	next    int
	bytes   int  // of what waits
	ranged  bool // a range has begun
	dropped bool // more came than is kept for a later range: all of it is dropped
}

// queued is an event with what it counts for.
type queued struct {
	event Event
	bytes int
}

// overhead is what an event takes in addition to its message: the values around it. In bytes.
const overhead = 128

func newQueue(most, mostUnheard int) *queue {
	return &queue{most: most, mostUnheard: min(most, mostUnheard), came: make(chan struct{}, 1)}
}

// add queues an event that came in a message of so many bytes. It reports false where that is more than may wait for the
// range. If the program does not range over it, it is dropped instead.
func (q *queue) add(e Event, message int) (fits bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes, most := message+overhead, q.most
	if !q.ranged {
		most = q.mostUnheard
	}
	full := q.bytes > 0 && q.bytes+bytes > most // one event always fits: messages are bounded
	switch {
	case q.dropped:
		return true
	case full && q.ranged:
		return false
	case full:
		q.dropped = true
		q.clearLocked()
		return true
	}
	q.waiting = append(q.waiting, queued{e, bytes})
	q.bytes += bytes
	q.signal()
	return true
}

// begin notes that a range has begun. It reports false where what it should begin with was dropped.
func (q *queue) begin() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ranged = true
	return !q.dropped
}

// take takes the next event, if there is one.
func (q *queue) take() (e Event, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == len(q.waiting) {
		return nil, false
	}
	first := &q.waiting[q.next]
	e, q.bytes = first.event, q.bytes-first.bytes
	*first = queued{} // its audio is the receiver's alone
	if q.next++; q.next == len(q.waiting) {
		q.waiting, q.next = q.waiting[:0], 0
	} else {
		q.signal() // for another range of the same speech
	}
	return e, true
}

// clear drops what waits.
func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clearLocked()
}

func (q *queue) clearLocked() { q.waiting, q.next, q.bytes = nil, 0, 0 }

func (q *queue) signal() {
	select {
	case q.came <- struct{}{}:
	default:
	}
}
