package soniox

import (
	"context"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one of our generations. Each of its pieces is a stream of its own at Soniox, or several.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id       string
	settings openMessage // of each of the vendor's streams, but for its id

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	line line
}

// Speak orders a piece. Where two are under way it waits here for one to end, and the socket's reader sends it.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	return s.seat.Send(ctx, frames...)
}

// order notes that a piece is owed, and gives what is to be sent now.
func (s *stream) order(p upstream.Piece) ([][]byte, error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return nil, err
	}
	s.line.order(p)
	s.settleLocked()
	if s.EndedLocked() {
		return nil, nil
	}
	return s.dueLocked(), nil
}

// dueLocked are the messages of what may be sent now. The text follows its configuration at once: from that on the vendor
// counts the seconds without text.
func (s *stream) dueLocked() [][]byte {
	var frames [][]byte
	due := s.line.due()
	s.WithholdLocked(s.line.unsent())
	for _, o := range due {
		open := s.settings
		open.StreamID = vendorsocket.JoinID(s.id, o.number)
		frames = append(frames, encode(open), encode(textMessage{StreamID: open.StreamID, Text: o.text, TextEnd: true}))
	}
	return frames
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. What the vendor has not finished is cancelled there, which it confirms.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	told, err := false, error(nil)
	if frames := s.stop(cause); len(frames) > 0 {
		told, err = s.seat.Stop(ctx, frames...)
	}
	if told && err == nil {
		s.AwaitEnd(ctx) // which the vendor's word of all of them brings
	}
	s.Lock()
	defer s.Unlock()
	s.seat.Leave(!told || len(s.line.open()) == 0)
	s.endLocked(nil)
	return err
}

// stop silences the stream and gives the orders to stop.
func (s *stream) stop(cause error) [][]byte {
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	var frames [][]byte
	for _, number := range s.line.open() {
		frames = append(frames, encode(cancelation{StreamID: vendorsocket.JoinID(s.id, number), Cancel: true}))
	}
	return frames
}

// endLocked ends the stream, once. Where the vendor is still at a part the stream keeps its place until Close has told it.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	if len(s.line.open()) == 0 {
		s.seat.Leave(true)
	}
	s.line.drop()
	s.EndLocked(upstream.Usage{Withheld: s.line.unsent(), RequestID: s.requestIDLocked()}, err) // the vendor tells no charge
}

// requestIDLocked is by what the vendor finds the stream: its own stream of the current part.
func (s *stream) requestIDLocked() string {
	number, ok := s.line.current()
	if !ok {
		return ""
	}
	return s.seat.RequestID(vendorsocket.JoinID(s.id, number))
}

// settleLocked ends the stream where everything has been delivered, and where nothing more can be.
func (s *stream) settleLocked() {
	switch {
	case s.line.failed():
		s.endLocked(s.line.failure())
	case s.LastLocked() && len(s.line.parts) == 0:
		s.endLocked(nil)
	}
}

// Lost ends the stream, whose socket has ended: perhaps for an error that has come ahead of its turn.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if failure := s.line.failure(); failure != nil {
		err = failure
	}
	s.endLocked(err)
}

// receive takes audio and times of a part.
func (s *stream) receive(number int, what packet) {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() && !s.line.receive(number, what) {
		s.endLocked(upstream.GarbledError("the vendor sent more ahead of its turn than can be"))
	}
}

// failed takes an error of a part. That its terminated follows is nothing to rely on.
func (s *stream) failed(number int, err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		s.forgetLocked(number) // it is over, too
		return
	}
	s.line.fail(number, err)
	s.settleLocked()
}

// terminated takes the end of a part, which may make room for another. Only the socket's reader calls it.
func (s *stream) terminated(m *vendorsocket.Mux, number int) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		s.forgetLocked(number)
		m.Confirm([]byte(s.id)) // it may have left just now
		return
	}
	s.line.finish(number)
	s.settleLocked()
	if s.EndedLocked() {
		return
	}
	for _, frame := range s.dueLocked() {
		m.Answer(frame)
	}
}

// forgetLocked notes that a part is over of a stream that is silent, which ends with the last.
func (s *stream) forgetLocked(number int) {
	s.line.forget(number)
	if len(s.line.open()) == 0 {
		s.endLocked(nil)
	}
}
