package relay

import (
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
)

// message is one WebSocket message on its way to the client. Messages are pooled: whoever takes one from
// the outbox releases it once it is written.
type message struct {
	buf     []byte // room for the frame's header, and the body
	kind    websocket.MessageType
	samples int64     // audio in it, on the output's clock
	queued  time.Time // when it could have been sent; set for audio only
	lane    *lane     // nil: the session's own
	last    bool      // the end of its lane's generation
	next    *message
}

// messagePong marks a pong's payload.
const messagePong websocket.MessageType = 0xa

// maxPooledMessage is twice the largest frame that vendors are known to send (200 ms of 24 kHz PCM in base64).
const maxPooledMessage = 32 << 10

var messagePool = sync.Pool{New: func() any { return &message{buf: make([]byte, maxHeader, 8<<10)} }}

// newMessage has room for a header; the body is appended to buf.
func newMessage(kind websocket.MessageType) *message {
	m := messagePool.Get().(*message)
	m.kind = kind
	return m
}

func textMessage(body []byte) *message {
	m := newMessage(websocket.MessageText)
	m.buf = append(m.buf, body...)
	return m
}

func (m *message) release() {
	if cap(m.buf) > maxPooledMessage {
		return
	}
	*m = message{buf: m.buf[:maxHeader]}
	messagePool.Put(m)
}

// queue is a list of messages in order.
type queue struct{ head, tail *message }

func (q *queue) push(m *message) {
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.next = m
	}
	q.tail = m
}

func (q *queue) pop() *message {
	m := q.head
	q.head = m.next
	if q.head == nil {
		q.tail = nil
	}
	m.next = nil
	return m
}

func (q *queue) empty() bool { return q.head == nil }

func (q *queue) clear() {
	for !q.empty() {
		q.pop().release()
	}
}

// maxOwn bounds the session's own messages that a client leaves unread. They answer its commands one to one,
// so only a client that sends and never reads gets there.
const maxOwn = 4096

// outbox is what waits for a client: the session's own messages first, then one message of each lane in turn.
type outbox struct {
	writer writer

	mu     sync.Mutex
	own    queue
	owned  int       // length of own
	ring   []*lane   // lanes with something to send whose turn it is
	bye    *farewell // once the connection is to be closed
	closed bool      // nothing is taken any more
	corked int       // steps under way, whose messages go out together
	due    bool      // the writer is to be roused when a step ends
}

// writer is who sends what waits in an outbox.
type writer interface {
	// rouse has it send soon. It must not block, nor use the outbox, which is locked.
	rouse()
	// dash sends at once what takes no waiting. It reports false where there may be more to do.
	dash() bool
}

func newOutbox(w writer) *outbox { return &outbox{writer: w} }

// poke rouses the writer, whatever steps are under way: where some always are, it must not wait for their end.
func (o *outbox) poke() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.writer.rouse()
	}
}

// queuedLocked has what was just queued be sent: now, or behind the step that it may be of.
func (o *outbox) queuedLocked() {
	switch {
	case o.closed:
	case o.corked > 0:
		o.due = true
	default:
		o.writer.rouse()
	}
}

// cork begins a step that may queue messages. Before uncork nobody is roused for them.
func (o *outbox) cork() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.corked++
}

// uncork ends a step, and has what it queued be sent: here, or else by the writer.
func (o *outbox) uncork() {
	if o.stepIsDue() && !o.writer.dash() {
		o.poke()
	}
}

func (o *outbox) stepIsDue() (due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.corked--
	due, o.due = o.due, false
	return due
}

// resting reports whether there is nothing to do: nothing waits, and the connection is not to be closed.
func (o *outbox) resting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.emptyLocked() && o.bye == nil
}

func (o *outbox) emptyLocked() bool { return o.own.empty() && len(o.ring) == 0 }

// send queues one of the session's own messages. It reports false where the client has left too many unread.
func (o *outbox) send(m *message) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		m.release()
		return true
	}
	return o.sendLocked(m)
}

func (o *outbox) sendLocked(m *message) bool {
	o.own.push(m)
	o.owned++
	o.queuedLocked()
	return o.owned <= maxOwn
}

// conclude has the connection be closed behind what waits. It reports false where that was decided already: the first
// reason counts.
func (o *outbox) conclude(f farewell) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bye != nil {
		return false
	}
	o.bye = &f
	o.queuedLocked()
	return true
}

// concluded reports whether the connection is to be closed.
func (o *outbox) concluded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bye != nil
}

// farewell is how to close the connection now, or nil: while anything waits, it is not the time. Nothing is taken behind
// it, since nothing may follow a close.
func (o *outbox) farewell() *farewell {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bye == nil || !o.emptyLocked() {
		return nil
	}
	o.closed = true
	return o.bye
}

// take moves up to limit bytes of messages into batch: all of the session's own, then a message of each lane
// in turn. Only called by the writer.
func (o *outbox) take(batch []*message, limit int) []*message {
	o.mu.Lock()
	defer o.mu.Unlock()
	for size := 0; size < limit; {
		m := o.nextLocked()
		if m == nil {
			break
		}
		size += len(m.body())
		batch = append(batch, m)
	}
	return batch
}

func (o *outbox) nextLocked() *message {
	if !o.own.empty() {
		o.owned--
		m := o.own.pop()
		if m.last {
			m.lane.overLocked()
		}
		return m
	}
	if len(o.ring) == 0 {
		return nil
	}
	l := o.ring[0]
	m := l.popLocked()
	copy(o.ring, o.ring[1:])
	o.ring = o.ring[:len(o.ring)-1]
	if l.messages.empty() {
		l.ringed = false
	} else {
		o.ring = append(o.ring, l)
	}
	if m.last {
		l.overLocked()
	}
	return m
}

// close drops what waits; later messages are dropped as they come.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.own.clear()
	for _, l := range o.ring {
		l.messages.clear()
	}
	o.ring = nil
}

// lane is one generation's queue to the client. Its fields are guarded by the outbox's mutex.
type lane struct {
	out   *outbox
	turn  *turn     // the context that it waits in, or nil
	clock *playback // the context's, or its own
	rate  int       // samples a second
	room  func()    // pokes the generation, which is to look again; must not block

	messages queue
	waiting  int64     // samples queued
	below    int64     // room is called once, when less than this waits; 0: not asked for
	sent     int64     // samples taken by the writer
	inTurn   bool      // its turn has come
	released bool      // its generation has been accepted
	open     bool      // both
	opened   time.Time // when; zero where it needed none
	ringed   bool      // it stands in the outbox's ring
}

// newLane is a lane that may send at once, or in its turn where it belongs to a context.
func (o *outbox) newLane(t *turn, rate int, room func()) *lane {
	l := &lane{out: o, turn: t, rate: rate, room: room}
	if t == nil {
		l.clock, l.inTurn = &playback{}, true
	} else {
		l.clock = &t.clock
		o.mu.Lock()
		defer o.mu.Unlock()
		t.joinLocked(l)
	}
	return l
}

// push queues one of the generation's messages in order.
func (l *lane) push(m *message) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.out.closed {
		m.release()
		return
	}
	m.lane = l
	l.messages.push(m)
	l.waiting += m.samples
	if l.open && m.samples > 0 {
		l.clock.add(m.samples, l.rate, time.Now())
	}
	l.ringLocked()
}

// release lets the lane send, in its turn: its generation has been accepted.
func (l *lane) release() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.released = true
	l.openLocked()
}

// openLocked opens the lane where its turn has come and its generation has been accepted.
func (l *lane) openLocked() {
	if l.open || !l.inTurn || !l.released {
		return
	}
	l.open, l.opened = true, time.Now()
	l.room() // from now on the caller waits
	if l.waiting > 0 {
		l.clock.add(l.waiting, l.rate, time.Now())
	}
	l.ringLocked()
}

// dry is when the client will have played all that it was sent.
func (l *lane) dry() time.Time {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.clock.dry
}

// inHand is how much audio the client will have played only later than now: what it was sent, and what waits for the
// lane's turn.
func (l *lane) inHand(now time.Time) time.Duration {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	hand := max(0, l.clock.dry.Sub(now))
	if !l.open {
		hand += audio.Duration(l.waiting, l.rate)
	}
	return hand
}

// turnCame is when the lane could first send, and whether that time has come.
func (l *lane) turnCame() (time.Time, bool) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.opened, l.open
}

// restart drops all that waits, so that the generation can begin anew. It reports false where the lane's turn has
// come, since the client may have heard it.
func (l *lane) restart() bool {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.open {
		return false
	}
	l.messages.clear()
	l.waiting = 0
	return true
}

// ringLocked puts the lane in the ring where it has something to send and its turn has come.
func (l *lane) ringLocked() {
	if !l.open || l.ringed || l.messages.empty() {
		return
	}
	l.ringed = true
	l.out.ring = append(l.out.ring, l)
	l.out.queuedLocked()
}

func (l *lane) popLocked() *message {
	m := l.messages.pop()
	if m.samples > 0 {
		l.waiting -= m.samples
		l.sent += m.samples
	}
	if l.waiting < l.below {
		l.below = 0
		l.room()
	}
	return m
}

// hasRoom reports whether less than limit samples wait. Where more do, the generation is poked once when it
// becomes true: no wake-up is spent on the frames in between.
func (l *lane) hasRoom(limit int64) bool {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.waiting < limit {
		return true
	}
	l.below = limit
	return false
}

// purge drops all that waits.
func (l *lane) purge() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.messages.clear()
	l.waiting = 0
	if l.ringed {
		l.ringed = false
		l.out.ring = slices.DeleteFunc(l.out.ring, func(other *lane) bool { return other == l })
	}
}

// end queues the generation's last message: in order behind what waits, or ahead of the lane's turn where
// nothing does.
func (l *lane) end(m *message) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	m.lane, m.last = l, true
	switch {
	case l.out.closed:
		m.release()
	case l.messages.empty():
		l.out.sendLocked(m)
	default:
		l.messages.push(m)
		l.ringLocked()
	}
}

// abandon takes a lane that will have no end out of its context.
func (l *lane) abandon() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.overLocked()
}

// taken is the audio in samples that the writer has taken.
func (l *lane) taken() int64 {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.sent
}

// overLocked gives the turn to the next generation of the context.
func (l *lane) overLocked() {
	if l.turn != nil {
		l.turn.leaveLocked(l)
	}
}
