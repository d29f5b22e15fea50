package rime

import (
	"context"
	"math"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// solo is one of our generations, by ws3: what its socket speaks.
type solo struct {
	upstream.Lifetime

	// Static after Open.
	id string // tags what is said

	seat vendorsocket.Seat // has a lock of its own

	// Guarded by the Lifetime's lock.
	clock  upstream.Clock
	pieces []upstream.Piece // ordered and not ended
	start  time.Duration    // of the first of them
	spoken bool             // the vendor has had a text
}

// Speak orders a piece.
func (s *solo) Speak(ctx context.Context, p upstream.Piece) error {
	if err := s.order(p); err != nil || p.Text == "" {
		return err
	}
	return s.seat.Send(ctx, encode(utterance{Text: p.Text, ContextID: s.id}), encode(utterance{Operation: operationFlush}))
}

// order notes that a piece is owed.
func (s *solo) order(p upstream.Piece) error {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return err
	}
	s.spoken = s.spoken || p.Text != ""
	s.pieces = append(s.pieces, p)
	s.settleLocked(0)
	return nil
}

// settleLocked ends the first n pieces and those after them that have no text, all at once, and the stream where no more are to come.
func (s *solo) settleLocked(n int) {
	for n < len(s.pieces) && s.pieces[n].Text == "" {
		n++
	}
	if n > 0 {
		s.clock.Fill(s.Sink())
		s.Sink().PieceEnd(s.pieces[n-1].ID)
		s.pieces, s.start = s.pieces[n:], s.clock.Now()
	}
	if s.LastLocked() && len(s.pieces) == 0 {
		s.endLocked(nil)
	}
}

// Close releases the stream, and closes its socket where the vendor is at something: that alone stops it.
func (s *solo) Close(_ context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	s.Lock()
	defer s.Unlock()
	s.StopLocked(cause)
	s.endLocked(nil)
	return nil
}

// endLocked ends the stream, once, and its socket where something of it may still come.
func (s *solo) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	s.seat.Leave(len(s.pieces) == 0)
	var used upstream.Usage // the vendor tells no charge
	if s.spoken {
		used.RequestID = s.seat.RequestID(s.id)
	}
	s.EndLocked(used, err)
}

// Lost ends the stream, whose socket has ended.
func (s *solo) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err)
}

// audio hands audio on. What comes while nothing is owed is of no piece.
func (s *solo) audio(base64 []byte) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || len(s.pieces) == 0 || len(base64) == 0 {
		return
	}
	f := upstream.Frame{Format: s.clock.Format, Base64: base64}
	s.clock.Add(f)
	s.Sink().Audio(f)
}

// words hands word times on, but for those of another stream that come late.
func (s *solo) words(tag string, w *wordTimestamps) {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() || len(s.pieces) == 0 || tag != "" && tag != s.id {
		return
	}
	words := make([]upstream.Word, 0, len(w.Words))
	for i := range min(len(w.Words), len(w.Start), len(w.End)) {
		start, sane := seconds(w.Start[i])
		end, also := seconds(w.End[i])
		if w.Words[i] == "" || !sane || !also {
			continue
		}
		start, end = s.clock.Span(s.start+start, s.start+end)
		words = append(words, upstream.Word{Text: w.Words[i], Piece: s.pieces[0].ID, Start: start, End: end, Score: -1})
	}
	if len(words) > 0 {
		s.Sink().Words(words)
	}
}

// seconds is a vendor's figure as a time, of a day at most.
func seconds(s float64) (d time.Duration, sane bool) {
	const most = 24 * 60 * 60
	if !(s >= 0 && s <= most) { // also where it is not a number
		return 0, false
	}
	return time.Duration(math.Round(s * float64(time.Second))), true
}

// done ends a piece. One that answers no flush ends nothing.
func (s *solo) done() {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() && len(s.pieces) > 0 {
		s.settleLocked(1)
	}
}
