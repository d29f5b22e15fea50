package wyoming

import (
	"context"
	"strings"

	"voicerelay/upstream"
)

// stream is one attempt.
type stream struct {
	upstream.Lifetime
	// Static after Open.
	pool  *pool
	voice *voice
	conn  *connection

	// Guarded by the Lifetime's lock.
	clock upstream.Clock
	owed  []order // pieces that have not ended, oldest first
	heard bool    // there has been audio since the last piece's end
}

// order is a piece.
type order struct {
	id    int
	blank bool // the server was asked nothing: it ends with the one before it
}

// Speak has the server speak a piece after those before it.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	blank := strings.TrimSpace(p.Text) == ""
	if err := s.order(order{p.ID, blank}, p); err != nil || blank {
		return err
	}
	return s.conn.send(ctx, encode("synthesize", synthesize{Text: p.Text, Voice: s.voice}))
}

// order notes a piece.
func (s *stream) order(o order, p upstream.Piece) error {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return err
	}
	s.owed = append(s.owed, o)
	if len(s.owed) == 1 && o.blank {
		s.settleLocked(0)
	}
	return nil
}

// settleLocked ends the first n pieces, those behind them of which the server knows nothing, and the stream with the last.
func (s *stream) settleLocked(n int) {
	for n < len(s.owed) && s.owed[n].blank {
		n++
	}
	s.clock.Fill(s.Sink())
	s.Sink().PieceEnd(s.owed[n-1].id)
	s.owed, s.heard = s.owed[n:], false
	if s.LastLocked() && len(s.owed) == 0 {
		s.EndLocked(upstream.Usage{}, nil) // the server tells none
		s.pool.giveBack(s.conn)
	}
}

// Close releases the stream. One that has not ended takes its connection along, which stops the server.
func (s *stream) Close(_ context.Context, cause error) error {
	if !s.BeginClose() || !s.interrupt(cause) {
		return nil
	}
	s.conn.fail(&upstream.Error{Kind: upstream.Canceled, Message: "its stream is over"})
	if kind := upstream.KindOf(cause); kind == upstream.Stalled || kind == upstream.FirstAudioTimeout {
		s.pool.doubt()
	}
	return nil
}

// interrupt ends the stream for a cause. It reports false where it had ended.
func (s *stream) interrupt(cause error) bool {
	s.Lock()
	defer s.Unlock()
	if !s.StopLocked(cause) {
		return false
	}
	s.EndLocked(upstream.Usage{}, nil)
	return true
}

// lost ends the stream, whose connection has ended.
func (s *stream) lost(reason *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.EndLocked(upstream.Usage{}, reason)
}

// take takes an event. Its error ends the connection, and so the stream.
func (s *stream) take(e *event) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	switch {
	case e.kind == failure:
		return codeError(e.text("code"))
	case e.kind == other || s.SilentLocked():
		return nil
	case len(s.owed) == 0:
		return unasked.Error("")
	case e.kind == audioStop:
		return s.stopLocked()
	}
	return s.audioLocked(e)
}

// stopLocked ends the oldest piece.
func (s *stream) stopLocked() *upstream.Error {
	if !s.heard {
		return silent.Error("")
	}
	s.settleLocked(1)
	return nil
}

// audioLocked takes an audio-start or an audio-chunk.
func (s *stream) audioLocked(e *event) *upstream.Error {
	format, fault := e.format(s.clock.Format)
	if fault != nil {
		return fault
	}
	if format != s.clock.Format {
		s.clock.Fill(s.Sink()) // half a sample of the format before
		s.clock.Add(upstream.Frame{Format: format})
	}
	if len(e.payload) == 0 {
		return nil
	}
	f := upstream.Frame{Format: format, Raw: e.payload}
	s.heard = true
	s.clock.Add(f)
	s.Sink().Audio(f)
	return nil
}
