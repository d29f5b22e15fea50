package client

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Speech is one generation: a text on its way, and what comes of it.
type Speech struct {
	// Static after newSpeech, but number, which Speak sets before anybody else has the speech.
	request Request
	number  int64             // in the order of Speak
	run     func(func()) bool // runs a function in a goroutine of the client, unless that is closed
	queue   *queue
	left    chan struct{} // closed by leave: the program wants no more of it
	ended   chan struct{} // closed by end

	leaving, ending, closing sync.Once

	done    *protocol.Done // of a generation that the relay has ended; written before ended closes
	err     error          // why it ended otherwise; the same
	heard   atomic.Bool    // something of it has come, so that it must not be sent again
	losses  atomic.Int32   // connections that ended under it
	refusal atomic.Pointer[protocol.Error]

	waitsSince time.Time // guarded by the client's mu

	sending  sync.Mutex // held while a command is sent, so that they keep their order; guards what follows
	link     carrier    // the last that it was sent on; nil: none yet
	text     strings.Builder
	partial  []byte    // of a character that Write has not got whole
	finished bool      // no more text comes
	flushed  bool      // nothing came after the last flush
	sent     int       // how often the generate was sent
	resentAt time.Time // when it was sent for the second time
}

// carrier is a connection that speeches are sent on.
type carrier interface {
	send(cmd protocol.Command) error
	cancel(ctx context.Context, c *cancellation) error
}

func newSpeech(cfg Config, r Request, run func(func()) bool) *Speech {
	s := &Speech{
		request: r.withIDs(), run: run, finished: !r.Open,
		queue: newQueue(cfg.Backlog, cfg.Unheard), left: make(chan struct{}), ended: make(chan struct{}),
	}
	s.text.WriteString(r.Text)
	return s
}

// ID is the speech's generation id.
func (s *Speech) ID() string { return s.request.ID }

// failure is why the speech ended, if that was none in order.
func (s *Speech) failure() error {
	switch {
	case !s.isEnded():
		return nil
	case s.err != nil:
		return s.err
	case s.done.Error != nil:
		return s.done.Error
	}
	if e := s.refusal.Load(); e != nil && s.done.Reason == "completed" {
		return e // the text was not spoken whole
	}
	return nil
}

// watch ends the speech with ctx, and returns when it has ended.
func (s *Speech) watch(ctx context.Context) {
	select {
	case <-s.ended:
		return
	case <-ctx.Done():
	}
	s.leave()
	s.abandon(context.Cause(ctx))
}

// abandon ends the speech by the client's own will, and tells the relay.
func (s *Speech) abandon(cause error) {
	s.end(nil, cause)
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.link != nil {
		_ = s.link.send(&protocol.Cancel{GenerationID: s.request.ID}) // a link that is broken has canceled it
	}
}

// push queues what came in a message of so many bytes. Only called by the link's reader; it never waits.
func (s *Speech) push(e Event, message int) {
	s.heard.Store(true)
	if s.isLeft() || s.isEnded() || s.queue.add(e, message) {
		return
	}
	s.end(nil, ErrOverrun)
	s.run(func() { s.abandon(ErrOverrun) })
}

// end ends the speech: the first word on it counts.
func (s *Speech) end(done *protocol.Done, err error) {
	s.ending.Do(func() {
		s.done, s.err = done, err
		close(s.ended)
	})
}

// leave drops what comes from now on.
func (s *Speech) leave() {
	s.leaving.Do(func() { close(s.left) })
	s.queue.clear()
}

func (s *Speech) isLeft() bool { return closed(s.left) }

func (s *Speech) isEnded() bool { return closed(s.ended) }

// byNumber orders speeches as they were spoken.
func byNumber(a, b *Speech) int { return cmp.Compare(a.number, b.number) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
