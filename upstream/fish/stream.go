package fish

import (
	"context"
	"math"
	"time"
	"unicode/utf8"

	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// stream is a socket's one text.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	request request
	quiet   time.Duration
	letter  time.Duration // the least audio for one
	awake   *awake.Clock

	seat vendorsocket.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	started bool

	// Guarded by the Lifetime's lock.
	clock upstream.Clock
	owed  []piece      // ordered and not ended
	ended int          // the latest that has; -1 before the first
	chunk chunk        // the latest
	due   time.Time    // the end of a quiet period, which may show that a piece is over; zero: none would
	alarm *awake.Timer // goes off then, or before
	fires time.Time    // when it does; zero: not at all
}

const (
	// leastLetter is less audio for a letter or digit, at speed 1, than voices need: 70 to 90 ms are usual.
	leastLetter = 50 * time.Millisecond
	// patience is how many times the quiet period is waited for where words tell nothing: there the audio's length alone says that
	// a chunk may be over. By default the product stays below the time in which a vendor counts as stalled.
	patience = 12
	// everything is all of a chunk's audio.
	everything = time.Duration(math.MaxInt64) - slack
)

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	if err := s.order(p); err != nil {
		return err
	}
	var frames [][]byte
	if p.Text != "" {
		if !s.started {
			frames = append(frames, encode(start{Event: eventStart, Request: s.request}))
		}
		s.started = true
		frames = append(frames, encode(textMessage{Event: eventText, Text: p.Text}), encode(order{Event: eventFlush}))
	}
	if p.Last && s.started {
		frames = append(frames, encode(order{Event: eventStop}))
	}
	if len(frames) == 0 {
		return nil
	}
	return s.seat.Send(ctx, frames...)
}

// order notes that a piece is owed. The last one, where it has no text, may find that nothing ever was.
func (s *stream) order(p upstream.Piece) error {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return err
	}
	s.owed = append(s.owed, piece{id: p.ID, silent: p.Text == "", rest: bare(p.Text)})
	if p.Last && p.Text == "" && !s.started {
		s.endPiecesLocked(len(s.owed))
		s.endLocked(nil)
	}
	return nil
}

// Close releases the stream, and with it the socket, which is what stops the vendor.
func (s *stream) Close(_ context.Context, cause error) error {
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

// Lost ends the stream, whose socket has ended. The words that were heard by then are told.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if !s.SilentLocked() {
		s.tellLocked(s.heardLocked())
	}
	s.endLocked(err)
}

// finished ends the stream with everything delivered, and reports false where the vendor was not told to stop.
func (s *stream) finished() bool {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return true
	}
	if !s.LastLocked() {
		return false
	}
	s.tellLocked(everything)
	s.endPiecesLocked(len(s.owed))
	s.endLocked(nil)
	return true
}

// endLocked ends the stream, once. The vendor gives nothing by which it could find it.
func (s *stream) endLocked(err error) {
	if s.EndedLocked() {
		return
	}
	if s.alarm != nil {
		s.alarm.Stop()
	}
	s.seat.Leave(true)
	s.EndLocked(upstream.Usage{}, err)
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	if n == 0 {
		return
	}
	s.clock.Fill(s.Sink())
	s.ended, s.owed = s.owed[n-1].id, s.owed[n:]
	s.Sink().PieceEnd(s.ended)
}

// audio hands audio on, with what is told about it. Its error is that of a frame which is not of the protocol.
func (s *stream) audio(f *frame) *upstream.Error {
	s.Lock()
	defer s.Unlock()
	if s.SilentLocked() {
		return nil
	}
	if !s.chunk.begun || f.sequence.kind == kindNumber && f.sequence != s.chunk.sequence {
		s.nextLocked(f)
	}
	if len(f.audio) > 0 {
		a := upstream.Frame{Format: s.clock.Format, Raw: f.audio}
		s.clock.Add(a)
		s.Sink().Audio(a)
	}
	if f.alignment != nil {
		times, ok := snapshot(f.alignment)
		if !ok {
			return upstream.GarbledError("the vendor sent times that are none, or far too many")
		}
		s.chunk.times = times
	}
	s.waitLocked()
	return nil
}

// nextLocked begins a chunk: the one before is over, and its piece as well if that has had all of its text.
func (s *stream) nextLocked(f *frame) {
	if s.chunk.begun {
		s.tellLocked(everything)
		if p := s.ownerLocked(); p != nil && p.rest == "" {
			s.endPiecesLocked(1)
		}
	}
	letters := bare(string(f.content))
	s.chunk = chunk{begun: true, sequence: f.sequence, letters: utf8.RuneCountInString(letters)}
	s.placeLocked(letters)
	s.chunk.start = s.clock.Now()
}

// placeLocked finds the piece that a chunk's text is of. Where it is the next one's, the one before is over, though not all of
// its text has come as it was written.
func (s *stream) placeLocked(letters string) {
	s.chunk.piece = max(s.ended, 0)
	if len(s.owed) == 0 || s.owed[0].silent {
		return
	}
	if !s.owed[0].have(letters) {
		if len(s.owed) > 1 && !s.owed[1].silent && s.owed[1].have(letters) {
			s.endPiecesLocked(1)
		} else {
			s.owed[0].approach(letters)
		}
	}
	s.chunk.piece = s.owed[0].id
}

// ownerLocked is the piece that the chunk is of, or nil where that is over.
func (s *stream) ownerLocked() *piece {
	if len(s.owed) == 0 || s.owed[0].id != s.chunk.piece {
		return nil
	}
	return &s.owed[0]
}

// heardLocked is how much of the chunk's audio the sink has had.
func (s *stream) heardLocked() time.Duration { return s.clock.Now() - s.chunk.start }

// tellLocked tells the chunk's words, once, as far as its audio goes.
func (s *stream) tellLocked(audio time.Duration) {
	if s.chunk.told {
		return
	}
	s.chunk.told = true
	if words := s.chunk.upTo(audio, &s.clock); len(words) > 0 {
		s.Sink().Words(words)
	}
}

// waitLocked waits for a quiet period, where it would show that the chunk's piece is over.
func (s *stream) waitLocked() {
	wait := s.quiet
	p := s.ownerLocked()
	switch heard := s.heardLocked(); {
	case p == nil || p.silent || p.rest != "":
		wait = 0
	case s.chunk.timed(heard):
	case heard >= time.Duration(s.chunk.letters)*s.letter:
		wait *= patience
	default:
		wait = 0
	}
	if wait == 0 {
		s.due = time.Time{}
		return
	}
	s.due = time.Now().Add(wait)
	if s.fires.IsZero() || s.due.Before(s.fires) {
		s.armLocked(wait)
	}
}

func (s *stream) armLocked(wait time.Duration) {
	s.fires = time.Now().Add(wait)
	if s.alarm == nil {
		s.alarm = s.awake.AfterFunc(wait, s.calm)
		return
	}
	s.alarm.Reset(wait)
}

// calm takes a quiet period for the piece's end.
func (s *stream) calm() {
	s.Lock()
	defer s.Unlock()
	s.fires = time.Time{}
	if s.SilentLocked() || s.due.IsZero() {
		return
	}
	if rest := time.Until(s.due); rest > 0 {
		s.armLocked(rest) // something has come meanwhile
		return
	}
	s.due = time.Time{}
	s.tellLocked(everything)
	if s.ownerLocked() != nil {
		s.endPiecesLocked(1)
	}
}
