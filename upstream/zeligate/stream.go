package zeligate

import (
	"context"
	"encoding/base64"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is one socket's speech.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	bos bosFrame

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	clock upstream.Clock
	begun bool // BOS has been queued, so that keep-alives may follow
	heard bool // audio has come
}

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	begun, err := s.order(p)
	if err != nil {
		return err
	}
	if p.Text == "" && !begun {
		if p.Last {
			s.end(nil) // nothing was ever to be spoken
		}
		return nil
	}
	if err := s.seat.Send(ctx, s.frames(p, begun)...); err != nil {
		return err
	}
	s.Lock()
	defer s.Unlock()
	s.begun = true
	return nil
}

// frames are what a piece is on the wire. It need not be flushed where no more text comes.
func (s *stream) frames(p upstream.Piece, begun bool) [][]byte {
	var frames [][]byte
	if !begun {
		frames = append(frames, encode(s.bos))
	}
	if p.Text != "" {
		frames = append(frames, encode(textFrame{Text: p.Text}))
	}
	if p.Last {
		return append(frames, encode(textFrame{}))
	}
	return append(frames, encode(flushFrame{Flush: true}))
}

// order notes that a piece is owed, and tells whether BOS has gone before it.
func (s *stream) order(p upstream.Piece) (begun bool, err error) {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return false, err
	}
	return s.begun, nil
}

// KeepAlive is a space, while the stream waits for text. BOS is a space as well, so none goes out before that; and
// none once EOS may have been queued.
func (s *stream) KeepAlive() []byte {
	s.Lock()
	defer s.Unlock()
	if !s.begun || s.LastLocked() || s.EndedLocked() {
		return nil
	}
	return encode(textFrame{Text: space})
}

// Close releases the stream. One that has not ended is stopped by closing its socket, which nothing confirms.
func (s *stream) Close(_ context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	s.end(upstream.CloseCause(cause))
	return nil
}

// end ends the stream.
func (s *stream) end(err error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err)
}

// endLocked closes the socket and ends the stream, once.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	s.seat.Leave(true)
	s.EndLocked(upstream.Usage{}, err) // the vendor tells no usage
}

// Lost ends the stream, whose socket has ended.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if !s.heard {
		err = beforeAudio(err)
	}
	s.endLocked(err)
}

// audio hands audio on.
func (s *stream) audio(frame []byte) {
	s.Lock()
	defer s.Unlock()
	s.audioLocked(frame)
}

func (s *stream) audioLocked(frame []byte) {
	if s.EndedLocked() || len(frame) == 0 {
		return
	}
	s.heard = true
	if s.clock.Split() && startsPiece(frame) {
		s.clock.Fill(s.Sink())
	}
	f := upstream.Frame{Format: s.clock.Format, Base64: frame}
	s.clock.Add(f)
	s.Sink().Audio(f)
}

// startsPiece reports whether a frame after one that ended in the middle of a sample begins with a whole one, since it is of
// another piece. The vendor marks no pieces, so that only the audio itself can tell.
func startsPiece(frame []byte) bool {
	var buf [768]byte
	n, err := base64.StdEncoding.Decode(buf[:], frame[:min(len(frame)/4*4, base64.StdEncoding.EncodedLen(len(buf)))])
	return err == nil && audio.LikelyWhole(buf[:n])
}

// frame handles any other frame. Those of which nothing is known need nothing done.
func (s *stream) frame(f *frame) {
	s.Lock()
	defer s.Unlock()
	if f.Audio != nil {
		s.audioLocked(upstream.Base64(*f.Audio))
	}
	switch {
	case f.failed():
		s.endLocked(frameError(f))
	case f.IsFinal == nil || !*f.IsFinal:
	case s.LastLocked():
		s.endLocked(nil)
	default:
		s.endLocked(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor ended the stream too early"})
	}
}
