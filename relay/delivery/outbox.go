package delivery

import (
	"sync"
	"time"
)

// maxOwn and maxOwnBytes bound the connection's own messages that a client leaves unread. They answer its commands, so only a
// client that sends and never reads gets there. Common answers have some 200 bytes, so both bounds are reached together.
const (
	maxOwn      = 4096
	maxOwnBytes = 1 << 20
)

// maxQueued is how many bytes of generations' messages may wait for a client before generations of which some wait get no
// more text spoken: two seconds of 16 generations in the largest format, half a minute of four in the usual one.
const maxQueued = 8 << 20

// Outbox is what waits for a client: the session's own messages first, then one message of each lane in turn.
type Outbox struct {
	writer Writer
	all    *Backlog // nil: none

	mu      sync.Mutex
	own     queue
	owned   int                 // length of own
	bytes   int                 // size of own
	ring    []source            // lanes with something to send whose turn it is
	queued  int                 // bytes that wait in lanes
	counted int                 // of queued, those in all
	asking  []source            // that were refused room for it, each once
	closing *closeFrame         // once the connection is to be closed
	closed  bool                // nothing is taken any more
	batches int                 // steps under way, whose messages go out together
	due     bool                // the writer is to be woken when the batch ends
	stages  map[*stage]struct{} // those that are not over
	pace    pace                // of audio; its lead is set before anything is queued
}

// source is a lane, as far as the outbox takes from it. It is called with the outbox's mutex held.
type source interface {
	// dueLocked is when its next message may be sent; zero: now.
	dueLocked() time.Time
	// popLocked is its next message. more: it has another one.
	popLocked() (m *Message, more bool)
	// dropLocked releases what waits in it, and returns how many bytes that was.
	dropLocked() (bytes int)
	// roomLocked tells it that there is room again. It must not block.
	roomLocked()
}

// Writer is who sends what waits in an outbox.
type Writer interface {
	// Wake has it send soon. It must not block, nor use the outbox, which is locked.
	Wake()
	// WriteDirect sends at once what takes no waiting. It reports false where there may be more to do.
	WriteDirect() bool
}

// NewOutbox is an outbox that a writer empties. What waits in it is counted in all; nil: nowhere.
func NewOutbox(w Writer, all *Backlog) *Outbox { return &Outbox{writer: w, all: all} }

// Notify wakes the writer even while batches are under way: with many generations one always is, and the writer must not wait
// for a moment without any.
func (o *Outbox) Notify() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.writer.Wake()
	}
}

// queuedLocked has the writer send what was just queued: now, or at the end of the batch that it may belong to.
func (o *Outbox) queuedLocked() {
	switch {
	case o.closed:
	case o.batches > 0:
		o.due = true
	default:
		o.writer.Wake()
	}
}

// BeginBatch delays waking the writer until EndBatch, so that the messages of one step go out together.
func (o *Outbox) BeginBatch() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.batches++
}

// EndBatch ends a batch and sends what it queued: directly if possible, else by the writer.
func (o *Outbox) EndBatch() {
	if o.stepIsDue() && !o.writer.WriteDirect() {
		o.Notify()
	}
}

func (o *Outbox) stepIsDue() (due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.batches--
	due, o.due = o.due, false
	return due
}

// resting reports whether there is nothing to do now: no message may be sent, and the connection need not be closed.
func (o *Outbox) resting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.emptyLocked() {
		return o.closing == nil
	}
	return o.own.empty() && o.firstDueLocked() < 0
}

func (o *Outbox) emptyLocked() bool { return o.own.empty() && len(o.ring) == 0 }

// Send queues one of the connection's own messages. It reports false, and drops the message, if the client has left too many
// unread: the connection must be closed then.
func (o *Outbox) Send(m *Message) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		m.Release()
		return true
	}
	if o.owned >= maxOwn || o.bytes+len(m.Body()) > maxOwnBytes {
		m.Release()
		return false
	}
	o.sendLocked(m)
	return true
}

// sendLocked queues a message whatever waits: there are never more ends than generations.
func (o *Outbox) sendLocked(m *Message) {
	o.own.push(m)
	o.owned++
	o.bytes += len(m.Body())
	o.queuedLocked()
}

// closeAfter has the connection closed after all that waits. It reports false if that was decided before: the first reason
// counts.
func (o *Outbox) closeAfter(f closeFrame) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil {
		return false
	}
	o.closing = &f
	o.queuedLocked()
	return true
}

// isClosing reports whether the connection is to be closed.
func (o *Outbox) isClosing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closing != nil
}

// closeFrame is how to close the connection now, or nil while anything waits. Nothing is taken after that, since nothing may
// follow a close frame.
func (o *Outbox) closeFrame() *closeFrame {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing == nil || !o.emptyLocked() {
		return nil
	}
	o.closed = true
	return o.closing
}

// Take moves up to limit bytes of messages into batch: all of the connection's own, then a message of each lane in turn. Only
// the sender calls it: with the socket's writeMu held, or for the answer to a request.
func (o *Outbox) Take(batch []*Message, limit int) []*Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	for size := 0; size < limit; {
		m := o.nextLocked()
		if m == nil {
			break
		}
		size += len(m.Body())
		batch = append(batch, m)
	}
	return batch
}

func (o *Outbox) nextLocked() *Message {
	if !o.own.empty() {
		m := o.own.pop()
		o.owned--
		o.bytes -= len(m.Body())
		if m.Last {
			m.place.leaveLocked()
		}
		return m
	}
	at := o.firstDueLocked()
	if at < 0 {
		return nil
	}
	l := o.ring[at]
	m, more := l.popLocked()
	copy(o.ring[at:], o.ring[at+1:])
	o.ring = o.ring[:len(o.ring)-1]
	if more {
		o.ring = append(o.ring, l)
	}
	if m.Last {
		m.place.leaveLocked()
	}
	return m
}

// firstDueLocked is the first lane of the ring whose next message may be sent now; negative: none. Where all wait for their time,
// the writer is woken at the first of them.
func (o *Outbox) firstDueLocked() int {
	if len(o.ring) == 0 {
		return -1
	}
	if o.pace.lead == 0 {
		return 0
	}
	now, next := time.Now(), time.Time{}
	for at, l := range o.ring {
		due := l.dueLocked()
		if !due.After(now) {
			return at
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	o.pace.wakeAfter(next.Sub(now), o.Notify)
	return -1
}

// freeLocked notes that so many bytes no longer wait. Lanes that were refused room because of those that did look again.
func (o *Outbox) freeLocked(bytes int) {
	o.queued -= bytes
	o.countLocked()
	if len(o.asking) == 0 || o.queued >= o.mostLocked() {
		return
	}
	for _, l := range o.asking {
		l.roomLocked()
	}
	o.asking = o.asking[:0]
}

// countLocked counts what waits here with what waits elsewhere, once it has changed by enough.
func (o *Outbox) countLocked() {
	d := o.queued - o.counted
	if o.all == nil || o.closed || d > -unshared && d < unshared && (o.queued > 0 || o.counted == 0) {
		return
	}
	o.counted = o.queued
	o.all.bytes.Add(int64(d))
}

// uncountLocked takes what waited here out of the count.
func (o *Outbox) uncountLocked() {
	if o.all != nil {
		o.all.bytes.Add(-int64(o.counted))
		o.counted = 0
	}
}

// mostLocked is how many bytes may wait here before generations of which any do get no more text spoken.
func (o *Outbox) mostLocked() int {
	if o.all == nil {
		return maxQueued
	}
	return int(min(maxQueued, max(unshared, o.all.most.Load()-o.all.bytes.Load())))
}

// Close drops what waits. Later messages are dropped as they come.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.uncountLocked()
	o.pace.stop()
	o.closed = true
	o.own.clear()
	for _, l := range o.ring {
		o.queued -= l.dropLocked()
	}
	o.ring, o.asking = nil, nil
	for st := range o.stages {
		st.look() // it may wait for the client, with its generation over
	}
	o.stages = nil
}
