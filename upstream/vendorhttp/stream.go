package vendorhttp

import (
	"context"
	"slices"
	"strings"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Stream is one attempt.
type Stream struct {
	upstream.Lifetime
	// Static after Open.
	client  *Client
	dialect Dialect
	wake    chan struct{} // there is something to hear
	ended   chan struct{} // closed with the stream's end
	gone    chan struct{} // closed when run has returned

	// Guarded by the Lifetime's lock.
	clock     upstream.Clock
	queue     []*call // those not heard to their end, oldest first; the first has been started
	heard     bool    // there has been audio of the piece
	requestID string  // of the latest answer that was heard
	metered   metered

	// Owned by run.
	buf []byte
}

// Open makes a stream, of which the vendor hears with the first piece: so that there is no connection is told by the
// stream's end. ctx bounds nothing else.
func (c *Client) Open(ctx context.Context, d Dialect, sink upstream.Sink) (*Stream, error) {
	if ctx.Err() != nil {
		return nil, &upstream.Error{Kind: upstream.Canceled, Message: "cancelled before it began", Err: context.Cause(ctx)}
	}
	s := &Stream{
		Lifetime: upstream.NewLifetime(sink), client: c, dialect: d,
		wake: make(chan struct{}, 1), ended: make(chan struct{}), gone: make(chan struct{}),
		clock: upstream.Clock{Format: audio.Format{Encoding: audio.PCM16, Rate: 24000}}, // until there is audio
	}
	if !c.start(s.run) {
		return nil, errClosed
	}
	return s, nil
}

// Speak makes the piece's request, or has it wait for those before it. It never blocks.
func (s *Stream) Speak(_ context.Context, p upstream.Piece) error {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return err
	}
	parts := split(p.Text, s.client.cfg.MaxInput)
	for i, text := range parts {
		s.queue = append(s.queue, &call{
			piece: p.ID, text: text, ready: make(chan struct{}),
			first: i == 0, ends: i == len(parts)-1, last: p.Last && i == len(parts)-1,
		})
	}
	s.askLocked()
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
	return nil
}

// askLocked starts as many of the requests as may be under way, and tells how many pieces have none yet.
func (s *Stream) askLocked() {
	under := 0
	for i, k := range s.queue {
		if !k.started && (under > s.client.cfg.Prefetch || i > 0 && s.queue[i-1].failed()) {
			break
		}
		if !k.started {
			s.startLocked(k)
		}
		if !k.blank() {
			under++
		}
	}
	s.WithholdLocked(s.keptLocked())
}

// failed reports whether a call that has been started has failed, so that none after it will be heard.
func (k *call) failed() bool {
	select {
	case <-k.ready:
		return k.fault != nil
	default:
		return false
	}
}

func (k *call) blank() bool { return strings.TrimSpace(k.text) == "" }

func (s *Stream) startLocked(k *call) {
	k.started = true
	if k.blank() {
		close(k.ready)
		return
	}
	var ctx context.Context
	ctx, k.cancel = context.WithCancel(s.client.life)
	s.client.busy.Add(1)
	if !s.client.start(func() { k.fetch(ctx, s.client, s.dialect) }) {
		k.fault = errClosed
		close(k.ready)
	}
}

// keptLocked is how many pieces wait for their request. They are the last ones.
func (s *Stream) keptLocked() int {
	kept := 0
	for _, k := range s.queue {
		if k.first && !k.started {
			kept++
		}
	}
	return kept
}

// unheardLocked is how many of the last pieces the vendor has not heard of: those that wait, and those for whose requests there
// has been no connection.
func (s *Stream) unheardLocked() int {
	unheard := 0
	for _, k := range slices.Backward(s.queue) {
		if k.reached.Load() {
			break
		}
		if k.first {
			unheard++
		}
	}
	return unheard
}

// Close releases the stream. One that has not ended aborts its requests.
func (s *Stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	if s.interrupt(cause) {
		s.client.doubt(cause)
	}
	select {
	case <-s.gone: // its requests are aborted
	case <-ctx.Done(): // they will be: nothing holds them
	}
	return nil
}

// interrupt ends the stream for a cause. It reports false where it had ended.
func (s *Stream) interrupt(cause error) bool {
	s.Lock()
	defer s.Unlock()
	if !s.StopLocked(cause) {
		return false
	}
	s.endLocked(nil)
	return true
}

// endLocked ends the stream, once, and aborts all that is under way.
func (s *Stream) endLocked(err error) {
	unheard := s.unheardLocked()
	if !s.StoppedLocked() {
		s.WithholdLocked(unheard)
	}
	s.EndLocked(upstream.Usage{Metered: s.meteredLocked(), Withheld: unheard, RequestID: s.requestID}, err)
	close(s.ended)
	for _, k := range s.queue {
		if k.cancel != nil && !k.left {
			k.cancel()
		}
	}
}

// meteredLocked is what the vendor says that it counted, where it has said so of each request that it may have heard of.
func (s *Stream) meteredLocked() upstream.Metered {
	for _, k := range s.queue {
		if k.reached.Load() {
			return upstream.Metered{}
		}
	}
	return s.metered.told()
}

// run hears the answers in the order of their pieces, to the stream's end.
func (s *Stream) run() {
	defer close(s.gone)
	for k := s.next(); k != nil; k = s.next() {
		fault := s.hear(k)
		if !s.settle(k, fault) {
			break
		}
	}
	s.abandon()
}

// next waits for the next call to hear; nil: there is none, for the stream has ended.
func (s *Stream) next() *call {
	for {
		if k, over := s.oldest(); k != nil || over {
			return k
		}
		select {
		case <-s.wake:
		case <-s.ended:
		}
	}
}

func (s *Stream) oldest() (k *call, over bool) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return nil, true
	}
	if len(s.queue) == 0 {
		return nil, false
	}
	return s.queue[0], false
}

// hear hands on the audio of an answer, once it has come.
func (s *Stream) hear(k *call) *upstream.Error {
	select {
	case <-k.ready:
	case <-s.ended:
		return nil // nobody listens
	}
	s.name(k.requestID)
	if k.fault != nil || k.answer == nil {
		return k.fault
	}
	if s.buf == nil {
		s.buf = make([]byte, readBuffer)
	}
	a := &Answer{Header: k.answer.Header, body: k.answer.Body, out: s.audio, buf: s.buf}
	if fault := s.dialect.Play(a); fault != nil {
		told := *fault
		if told.RequestID == "" {
			told.RequestID = k.requestID
		}
		return &told
	}
	k.metered = a.metered
	s.leave(k, a.ended)
	return nil
}

// name notes the vendor's name of the request that is heard.
func (s *Stream) name(id string) {
	s.Lock()
	defer s.Unlock()
	if id != "" {
		s.requestID = id
	}
}

// audio hands a frame on.
func (s *Stream) audio(f upstream.Frame) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || f.Len() == 0 {
		return
	}
	s.heard = true
	s.clock.Add(f)
	s.Sink().Audio(f)
}

// leave lets go of a request whose speech has been heard.
func (s *Stream) leave(k *call, ended bool) {
	s.Lock()
	k.left = true
	s.Unlock()
	if ended || !s.client.start(func() { k.drain(s.client) }) {
		k.release(s.client)
	}
}

// settle ends a call that was heard, and with it maybe its piece and the stream. It reports false where the stream has ended.
func (s *Stream) settle(k *call, fault *upstream.Error) bool {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return false
	}
	if fault == nil && k.ends && !k.blank() && !s.heard {
		fault = &upstream.Error{Kind: upstream.NoAudio, Message: "the vendor's answer has no audio", RequestID: k.requestID}
	}
	if fault != nil {
		s.endLocked(fault)
		return false
	}
	if !k.blank() {
		s.metered.add(k.metered)
	}
	s.queue = s.queue[1:]
	s.clock.Fill(s.Sink())
	if k.ends {
		s.heard = false
		s.Sink().PieceEnd(k.piece)
	}
	if k.last {
		s.endLocked(nil)
		return false
	}
	s.askLocked()
	return true
}

// abandon aborts the requests that are left once the stream has ended.
func (s *Stream) abandon() {
	s.Lock()
	queue := s.queue
	s.Unlock()
	for _, k := range queue {
		if k.started && k.cancel != nil && !k.left {
			k.release(s.client)
		}
	}
}
