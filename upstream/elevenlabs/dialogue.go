package elevenlabs

import (
	"context"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// dialogue is one of our generations, with a socket of its own. Each of its pieces is a turn.
type dialogue struct {
	upstream.Lifetime

	// Static after Open.
	opening dialogueOpening

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	line  line
	begun bool // the opening has been queued, so that keep-alives may follow
}

// Speak orders a piece. Where one is under way it waits here for that to end, and the socket's reader sends it.
func (s *dialogue) Speak(ctx context.Context, p upstream.Piece) error {
	frames, err := s.order(p)
	if err != nil || len(frames) == 0 {
		return err
	}
	if err := s.seat.Send(ctx, frames...); err != nil {
		return err
	}
	s.Lock()
	defer s.Unlock()
	s.begun = true
	return nil
}

// order notes that a piece is owed, and gives what is to be sent now.
func (s *dialogue) order(p upstream.Piece) ([][]byte, error) {
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

// dueLocked are the messages of the piece that may be sent now.
func (s *dialogue) dueLocked() [][]byte {
	var frames [][]byte
	due := s.line.due()
	s.WithholdLocked(s.line.unsent())
	for _, p := range due {
		if !s.begun {
			frames = append(frames, encode(s.opening))
		}
		frames = append(frames, encode(turnFrame{Inputs: []dialogueInput{{Text: p.Text, Voice: s.opening.Voices[0]}}, Flush: true}))
	}
	return frames
}

// KeepAlive keeps a dialogue that waits for text. Its first message must be the opening.
func (s *dialogue) KeepAlive() []byte {
	s.Lock()
	defer s.Unlock()
	if !s.begun || s.EndedLocked() {
		return nil
	}
	return encode(dialogueKeepAlive{KeepAlive: true})
}

// Close releases the stream. One that has not ended is stopped by closing its socket, which nothing confirms.
func (s *dialogue) Close(_ context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	s.Lock()
	defer s.Unlock()
	s.endLocked(upstream.CloseCause(cause))
	return nil
}

// endLocked closes the socket and ends the stream, once.
func (s *dialogue) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	s.seat.Leave(true)
	s.line.drop()
	s.EndLocked(upstream.Usage{Withheld: s.line.unsent(), RequestID: s.seat.RequestID("")}, err) // the vendor tells no charge
}

// settleLocked ends the stream where everything has been delivered.
func (s *dialogue) settleLocked() {
	if s.LastLocked() && len(s.line.pieces) == 0 {
		s.endLocked(nil)
	}
}

// Lost ends the stream, whose socket has ended.
func (s *dialogue) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err)
}

// receive takes audio and times of the turn that is under way, and its end, after which the next is due. What comes of none is
// late. Only the socket's reader calls it.
func (s *dialogue) receive(m *vendorsocket.Mux, what packet, over bool) {
	s.Lock()
	defer s.Unlock()
	piece, ok := s.line.turn()
	if s.EndedLocked() || !ok {
		return
	}
	s.line.receive(piece, what) // it is its turn, so that nothing is held
	if !over {
		return
	}
	s.line.finish(piece)
	s.settleLocked()
	if s.EndedLocked() {
		return
	}
	for _, frame := range s.dueLocked() {
		m.Answer(frame)
	}
}
