package delivery

import (
	"slices"
	"time"

	"voicerelay/audio"
)

// Lane is one generation's queue to the client. Its fields are guarded by the outbox's mutex.
type Lane struct {
	out   *Outbox
	place *place  // in the context that it waits in, or nil
	clock *clocks // the context's, or its own
	rate  int     // samples a second
	room  func()  // notifies the generation, which is to look again; must not block
	stage *stage  // what changes its messages on their way to the client; nil: nothing does

	messages queue
	below    int64 // room is called once, when less than this waits; 0: not asked for
	sent     int64 // samples taken by the writer
	phase    lanePhase
	opened   time.Time // when it became open; zero: it is not
	ringed   bool      // it is in the outbox's ring
	thrifty  bool      // it has room only while nothing waits
}

// lanePhase is what a lane waits for before it may send: its turn in its context, and that its generation is accepted. Either may
// come first.
type lanePhase int

const (
	laneNew      lanePhase = iota // waits for both
	laneAccepted                  // waits for its turn
	laneInTurn                    // waits to be accepted
	laneOpen                      // may send
)

// NewLane is a lane that may send once it is released, and in its turn if it belongs to a context. room must not block.
func (o *Outbox) NewLane(t *Turn, rate int, room func()) *Lane {
	l := &Lane{out: o, rate: rate, room: room}
	if t == nil {
		l.clock, l.phase = &clocks{}, laneInTurn
	} else {
		l.clock = &t.clock
		o.mu.Lock()
		defer o.mu.Unlock()
		l.place = t.joinLocked(l.takeTurnLocked)
	}
	return l
}

// Push queues one of the generation's messages, in order.
func (l *Lane) Push(m *Message) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.out.closed {
		m.Release()
		return
	}
	if l.phase == laneOpen && m.Samples > 0 {
		l.clock.queued.add(m.Samples, l.rate, time.Now())
	}
	l.pushLocked(m)
}

// pushLocked queues a message: for the stage, or for the writer if there is none. What comes after the stage was stopped is about the
// generation's end.
func (l *Lane) pushLocked(m *Message) {
	if l.stage != nil && l.stage.phase == stageOver {
		l.queueLocked(&l.stage.made, m)
	} else {
		l.queueLocked(&l.messages, m)
	}
	l.onwardLocked()
}

// queueLocked queues a message, and counts it.
func (l *Lane) queueLocked(q *queue, m *Message) {
	q.push(m)
	l.out.queued += len(m.Body())
	l.out.countLocked()
}

// Release lets the lane send, in its turn: its generation has been accepted.
func (l *Lane) Release() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	switch l.phase {
	case laneNew:
		l.phase = laneAccepted
	case laneInTurn:
		l.openLocked()
	}
}

// takeTurnLocked lets the lane send, once its generation has been accepted: its turn in its context has come.
func (l *Lane) takeTurnLocked() {
	switch l.phase {
	case laneNew:
		l.phase = laneInTurn
	case laneAccepted:
		l.openLocked()
	}
}

// openLocked lets the lane send from now on.
func (l *Lane) openLocked() {
	l.phase, l.opened = laneOpen, time.Now()
	l.room() // from now on the caller waits
	if l.messages.samples > 0 {
		l.clock.queued.add(l.messages.samples, l.rate, time.Now())
	}
	l.onwardLocked()
}

// PlaysAt sets the client's clock to so many samples of the lane that it has played by now. While another lane of the context is played it
// changes nothing.
func (l *Lane) PlaysAt(played int64, now time.Time) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.phase != laneOpen {
		return
	}
	queued := l.sent + l.messages.samples
	if l.stage != nil {
		queued += l.stage.made.samples
	}
	l.clock.queued.set(queued-played, l.rate, now)
	l.clock.sent.set(l.sent-played, l.rate, now)
	l.out.queuedLocked() // what was too far ahead may be sent now
}

// Dry is when the client will have played all that it was sent, and its audio runs out.
func (l *Lane) Dry() time.Time {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.clock.queued.dry
}

// InHand is how much audio the client still has to play: what it was sent, and what waits for the lane's turn.
func (l *Lane) InHand(now time.Time) time.Duration {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	hand := max(0, l.clock.queued.dry.Sub(now))
	if l.phase != laneOpen {
		hand += audio.Duration(l.messages.samples, l.rate)
	}
	return hand
}

// TurnCame is when the lane could first send, and whether that time has come.
func (l *Lane) TurnCame() (time.Time, bool) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.opened, l.phase == laneOpen
}

// Restart drops all that waits, so that the generation can be spoken again. It reports false if the lane may send already,
// since the client may have heard some of it.
func (l *Lane) Restart() bool {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.phase == laneOpen {
		return false
	}
	l.clearLocked()
	return true
}

// onwardLocked has what was pushed go on its way: to the stage, else to the writer.
func (l *Lane) onwardLocked() {
	if l.stage != nil && l.stage.phase != stageOver {
		l.stage.look()
		return
	}
	l.ringLocked()
}

// ringLocked puts the lane into the ring if it has something to send and may.
func (l *Lane) ringLocked() {
	if l.phase != laneOpen || l.ringed || l.sendableLocked().empty() {
		return
	}
	l.ringed = true
	l.out.ring = append(l.out.ring, l)
	l.out.queuedLocked()
}

func (l *Lane) clearLocked() {
	l.out.freeLocked(l.messages.clear())
	if l.stage != nil {
		l.out.freeLocked(l.stage.made.clear())
	}
}

// popLocked implements source.
func (l *Lane) popLocked() (m *Message, more bool) {
	m = l.sendableLocked().pop()
	l.out.freeLocked(len(m.Body()))
	if m.Samples > 0 {
		l.sent += m.Samples
		if l.out.pace.lead > 0 {
			l.clock.sent.add(m.Samples, l.rate, time.Now())
		}
	}
	l.lookForRoomLocked()
	if l.stage != nil {
		l.stage.look()
	}
	l.ringed = !l.sendableLocked().empty()
	return m, l.ringed
}

// dropLocked implements source.
func (l *Lane) dropLocked() (bytes int) { return l.sendableLocked().clear() }

// roomLocked implements source.
func (l *Lane) roomLocked() { l.room() }

// lookForRoomLocked tells the generation that there is room, if it has asked for that.
func (l *Lane) lookForRoomLocked() {
	if l.waitingLocked() < l.below {
		l.below = 0
		l.room()
	}
}

// Thrift has the lane have room only while nothing waits: the client is likely to leave.
func (l *Lane) Thrift() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.thrifty = true
}

// HasRoom reports whether less than limit samples of the lane wait, and not too many bytes in all. A lane of which nothing
// waits always has room, so that no generation waits for another of the same client. If it has no room, the generation is notified
// once when that changes: the frames in between wake nothing.
func (l *Lane) HasRoom(limit int64) bool {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.thrifty {
		limit = 1
	}
	switch waiting := l.waitingLocked(); {
	case waiting >= limit:
		l.below = limit
	case waiting > 0 && l.out.queued >= l.out.mostLocked():
		if l.below = 1; !slices.Contains(l.out.asking, source(l)) { // or when nothing of its own waits any more
			l.out.asking = append(l.out.asking, l)
		}
	default:
		return true
	}
	return false
}

// Taken is the audio in samples that the sender has taken.
func (l *Lane) Taken() int64 {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.sent
}

// dueLocked implements source: audio goes at most a lead ahead of its playback, all else at once.
func (l *Lane) dueLocked() time.Time {
	if l.sendableLocked().head.Samples == 0 {
		return time.Time{}
	}
	return l.out.pace.due(l.clock.sent.dry)
}

// sendableLocked is where the writer takes messages from.
func (l *Lane) sendableLocked() *queue {
	if l.stage != nil {
		return &l.stage.made
	}
	return &l.messages
}

// waitingLocked is how many samples wait in all. What an encoder keeps to itself does not count, or the generation would wait for
// what only its next audio brings out.
func (l *Lane) waitingLocked() int64 {
	if l.stage != nil {
		return l.messages.samples + l.stage.made.samples + l.stage.inHand
	}
	return l.messages.samples
}
