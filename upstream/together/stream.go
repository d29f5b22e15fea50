package together

import (
	"context"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one context.
type stream struct {
	upstream.Lifetime

	// Static after Open.
	id         string
	dictionary []string
	quiet      time.Duration
	letter     time.Duration // the least audio for one
	awake      *awake.Clock

	seat vendorsocket.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	created bool // the vendor has been sent text

	// Guarded by the Lifetime's lock.
	clock upstream.Clock
	owed  []piece // ordered and not ended, in order
	ended piece   // the latest that has; id -1 before the first
	items []*item // the latest
	open  int     // items that have begun and are not done

	tally       tally
	spokenPiece int // that the latest word is of

	phase  phase
	due    time.Time // when the quiet period ends, while quieting
	alarm  *awake.Timer
	naming naming
}

// tally counts what has been committed and what has come of it, by which it is known whether more is to come.
type tally struct {
	commits, dones     int
	letters, sentences int // of all pieces
	heard              int // letters of the words that have been timed
}

// missing reports whether the words, or the sentences where there are no words, are not all there.
func (t *tally) missing() bool {
	if t.heard > 0 {
		return t.heard < t.letters
	}
	return t.dones < t.sentences
}

// incompleteLocked reports whether more is likely to come though each commit has had its done: the words, or where
// there are none the sentences, are not all there, or there is less audio than the text needs.
func (s *stream) incompleteLocked() bool {
	return s.tally.missing() || s.clock.Now() < time.Duration(s.tally.letters)*s.letter
}

// phase is how much of what has been committed has come.
type phase int

const (
	complete phase = iota // all of it: nothing more comes, nor before the first commit
	speaking              // more is to come
	quieting              // each commit has had its done, and a quiet period is to show that nothing else comes of them
)

// naming is whether the vendor names the context in what it sends of it, by which streams on one socket are told apart.
type naming int

const (
	unproven naming = iota // no item is done yet
	proven                 // in all frames of an item, to its done, and in all since
	unnamed                // a frame had no name
)

// Speak orders a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	if err := s.order(p); err != nil || p.Text == "" {
		return err
	}
	var frames [][]byte
	if !s.created && len(s.dictionary) > 0 {
		settings := settings{ExtraParams: extraParams{PronunciationDict: s.dictionary}}
		frames = append(frames, encode(updateFrame{Type: typeUpdate, Session: settings, ContextID: s.id}))
	}
	s.created = true
	frames = append(frames,
		encode(appendFrame{Type: typeAppend, Text: p.Text, ContextID: s.id}),
		encode(contextFrame{Type: typeCommit, ContextID: s.id}))
	return s.seat.Send(ctx, frames...)
}

// order notes that a piece is owed. The last one, where it has no text, may find that nothing is.
func (s *stream) order(p upstream.Piece) error {
	s.Lock()
	defer s.Unlock()
	if err := s.OrderLocked(p); err != nil {
		return err
	}
	piece := newPiece(p.ID, p.Text)
	s.owed = append(s.owed, piece)
	if !piece.silent {
		s.tally.letters += piece.letters
		s.tally.sentences += piece.sentences
		s.tally.commits++
		s.phase = speaking
	} else if s.phase == complete && s.LastLocked() {
		s.finishLocked()
	}
	return nil
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. One that has not ended is stopped at the vendor.
func (s *stream) Close(ctx context.Context, cause error) error {
	if !s.BeginClose() {
		return nil
	}
	s.seat.Doubt(cause)
	if !s.Stop(cause) {
		return nil
	}
	told, err := false, error(nil)
	if s.created {
		told, err = s.seat.Stop(ctx, encode(contextFrame{Type: typeCancel, ContextID: s.id}))
	}
	confirmed := !told
	if told && err == nil {
		confirmed = s.AwaitEnd(ctx)
	}
	s.Lock()
	defer s.Unlock()
	s.endLocked(nil, confirmed)
	return err
}

// Lost ends the stream, whose socket has ended. It may have had all it wanted from it.
func (s *stream) Lost(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	if s.phase == quieting && s.LastLocked() && !s.StoppedLocked() && !s.incompleteLocked() {
		s.finishLocked()
		return
	}
	s.endLocked(err, true)
}

// fail ends the stream with an error after which the vendor has nothing of it any more.
func (s *stream) fail(err *upstream.Error) {
	s.Lock()
	defer s.Unlock()
	s.endLocked(err, true)
}

// finishLocked ends the stream with everything delivered.
func (s *stream) finishLocked() {
	if n := len(s.owed); n > 0 && !s.SilentLocked() {
		s.endPiecesLocked(n)
	}
	s.endLocked(nil, true)
}

// endPiecesLocked ends the first n pieces, all at once.
func (s *stream) endPiecesLocked(n int) {
	s.ended, s.owed = s.owed[n-1], s.owed[n:]
	s.Sink().PieceEnd(s.ended.id)
}

// endLocked ends the stream, once. Where its late frames could not be told from another stream's, the socket carries
// another only if none are to be expected.
func (s *stream) endLocked(err error, confirmed bool) {
	if s.EndedLocked() {
		return
	}
	if s.alarm != nil {
		s.alarm.Stop()
	}
	if s.naming == proven {
		s.seat.Share()
	}
	well := err == nil && !s.StoppedLocked() && s.tally.dones == s.tally.commits
	s.seat.Leave(confirmed && (well || s.tally.commits == 0 || s.seat.Shared()))
	var used upstream.Usage
	if s.tally.commits > 0 {
		used.RequestID = s.seat.RequestID(s.id) // the context
	}
	s.EndLocked(used, err)
}
