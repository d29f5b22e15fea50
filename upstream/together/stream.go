package together

import (
	"context"
	"sync"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

var _ upstream.Lingerer = (*stream)(nil)

// stream is one context. Its sink is called with mu held, which makes the calls one at a time and lets Close stop
// them, so whoever calls Speak or Close must not hold a lock that the sink takes.
type stream struct {
	// Static after Open.
	sink       upstream.Sink
	id         string
	dictionary []string
	quiet      time.Duration
	letter     time.Duration // the least audio for one
	awake      *awake.Clock
	over       chan struct{} // closed by end

	seat vendorsocket.Seat // has a lock of its own

	// Owned by the caller of Speak and Close.
	created bool // the vendor has been sent text
	closed  bool

	// Guarded by mu.
	mu    sync.Mutex
	clock upstream.Clock
	owed  []piece // ordered and not ended, in order
	ended piece   // the latest that has; id -1 before the first
	items []*item // the latest
	open  int     // items that have begun and are not done

	commits, dones     int
	letters, sentences int // of all pieces
	heard              int // letters of the words that have been timed

	spoken      time.Duration // start of the latest word
	spokenPiece int           // that it is of

	due   time.Time // when it is quiet; zero: not waited for
	alarm *awake.Timer
	sure  bool // nothing more comes of what has been committed

	proven  bool  // an item has named the context to its done, and none has not
	unnamed bool  // a frame of an item has not
	last    bool  // the last piece has been ordered
	stopped error // the cause that Close was given; nothing more is delivered
	isOver  bool
}

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
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := upstream.OrderError(s.closed || s.last, s.isOver); err != nil {
		return err
	}
	piece := newPiece(p.ID, p.Text)
	s.owed = append(s.owed, piece)
	s.last = p.Last
	if !piece.silent {
		s.letters += piece.letters
		s.sentences += piece.sentences
		s.commits++
		s.sure, s.due = false, time.Time{}
	} else if s.sure && s.last {
		s.finishLocked()
	}
	return nil
}

// WhenGone is the Lingerer's.
func (s *stream) WhenGone(f func()) { s.seat.WhenGone(f) }

// Close releases the stream. One that has not ended is stopped at the vendor.
func (s *stream) Close(ctx context.Context, cause error) error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.seat.Doubt(cause)
	if !s.stop(upstream.CloseCause(cause)) {
		return nil
	}
	told, err := false, error(nil)
	if s.created {
		told, err = s.seat.Stop(ctx, encode(contextFrame{Type: typeCancel, ContextID: s.id}))
	}
	confirmed := !told
	if told && err == nil {
		confirmed = s.confirmed(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(nil, confirmed)
	return err
}

// confirmed waits for the vendor's confirmation, which ends the stream.
func (s *stream) confirmed(ctx context.Context) bool {
	select {
	case <-s.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// stop silences the stream. It reports false where the stream has ended already.
func (s *stream) stop(cause error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver {
		return false
	}
	s.stopped = cause
	return true
}

// silentLocked reports whether the sink must hear no more but the end.
func (s *stream) silentLocked() bool { return s.isOver || s.stopped != nil }

// Lost ends the stream, whose socket has ended. It may have had all it wanted from it.
func (s *stream) Lost(err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.due.IsZero() && s.last && s.stopped == nil && !s.incompleteLocked() {
		s.finishLocked()
		return
	}
	s.endLocked(err, true)
}

// fail ends the stream with an error after which the vendor has nothing of it any more.
func (s *stream) fail(err *upstream.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(err, true)
}

// endLocked ends the stream, once. A cause that Close was given goes before any other. Where its late frames could
// not be told from another stream's, the socket bears another only if none are to be expected.
func (s *stream) endLocked(err error, confirmed bool) {
	if s.isOver {
		return
	}
	s.isOver = true
	if s.alarm != nil {
		s.alarm.Stop()
	}
	if s.stopped != nil {
		err = s.stopped
	}
	if s.proven {
		s.seat.Share()
	}
	well := err == nil && s.dones == s.commits
	s.seat.Leave(confirmed && (well || s.commits == 0 || s.seat.Shared()))
	s.sink.End(upstream.Usage{}, err)
	close(s.over)
}
