package upstreamtest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Sink records what a stream delivers, and fails its test on any call that the contract forbids.
type Sink struct {
	t       testing.TB
	secrets []string
	inside  atomic.Bool
	ended   chan struct{}

	// Guarded by mu.
	mu     sync.Mutex
	got    Heard
	closed bool
	over   bool
	cause  error // that Close was given, while it runs or after
}

// Heard is what a stream has delivered.
type Heard struct {
	Audio  []byte
	Format audio.Format // of the latest frame
	Frames int
	First  time.Time // of the first frame
	Words  []upstream.Word
	// Pieces are the ids of pieces that ended, PieceBytes the audio there was by then.
	Pieces     []int
	PieceBytes []int
	// Withheld is how many of the last pieces the stream keeps back.
	Withheld int
	Usage    upstream.Usage
	Err      error
}

// NewSink is a sink that no error may tell any of the secrets to.
func NewSink(t testing.TB, secrets ...string) *Sink {
	return &Sink{t: t, secrets: secrets, ended: make(chan struct{})}
}

// Ended is closed by End.
func (s *Sink) Ended() <-chan struct{} { return s.ended }

// Heard is what has been delivered so far.
func (s *Sink) Heard() Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.got
	h.Audio, h.Words, h.Pieces = slices.Clone(h.Audio), slices.Clone(h.Words), slices.Clone(h.Pieces)
	return h
}

// Close closes the stream through its sink, so that the sink knows what is allowed from when on.
func (s *Sink) Close(closing func(cause error) error, cause error) error {
	s.mu.Lock()
	s.cause = cause
	s.mu.Unlock()
	err := closing(cause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if !s.over {
		s.t.Error("Close has returned without End")
	}
	return err
}

// enter checks that calls come one at a time, and not too late.
func (s *Sink) enter(call string) (leave func()) {
	s.t.Helper()
	if !s.inside.CompareAndSwap(false, true) {
		s.t.Errorf("%s: called while another call runs", call)
	}
	s.mu.Lock()
	if s.over {
		s.t.Errorf("%s: called after End", call)
	}
	if s.closed {
		s.t.Errorf("%s: called after Close has returned", call)
	}
	return func() {
		s.mu.Unlock()
		s.inside.Store(false)
	}
}

// Audio takes a frame.
func (s *Sink) Audio(f upstream.Frame) {
	defer s.enter("Audio")()
	if (f.Base64 == nil) == (f.Raw == nil) {
		s.t.Errorf("Audio: want exactly one of Base64 (%d bytes) and Raw (%d)", len(f.Base64), len(f.Raw))
	}
	if err := f.Format.Validate(); err != nil {
		s.t.Errorf("Audio: %v", err)
	}
	raw := f.Raw
	if f.Base64 != nil {
		if bytes.ContainsAny(f.Base64, "\r\n") {
			s.t.Error("Audio: line breaks in base64, which Len does not see")
		}
		var err error
		if raw, err = base64.StdEncoding.AppendDecode(nil, f.Base64); err != nil {
			s.t.Errorf("Audio: %v", err)
		}
	}
	if s.got.Frames == 0 {
		s.got.First = time.Now()
	}
	s.got.Audio, s.got.Format = append(s.got.Audio, raw...), f.Format
	s.got.Frames++
}

// Words takes words.
func (s *Sink) Words(ws []upstream.Word) {
	defer s.enter("Words")()
	for _, w := range ws {
		last := upstream.Word{}
		if n := len(s.got.Words); n > 0 {
			last = s.got.Words[n-1]
		}
		if w.Start < last.Start || w.End < w.Start || w.Piece < last.Piece {
			s.t.Errorf("Words: %+v after %+v", w, last)
		}
		s.got.Words = append(s.got.Words, w)
	}
}

// Withheld takes the number of pieces that are kept back.
func (s *Sink) Withheld(n int) {
	defer s.enter("Withheld")()
	if n < 0 || n == s.got.Withheld {
		s.t.Errorf("Withheld: got %d after %d", n, s.got.Withheld)
	}
	s.got.Withheld = n
}

// PieceEnd takes the end of a piece, and of those before it.
func (s *Sink) PieceEnd(id int) {
	defer s.enter("PieceEnd")()
	if id < len(s.got.Pieces) {
		s.t.Errorf("PieceEnd: got %d, want %d or a later one", id, len(s.got.Pieces))
	}
	for next := len(s.got.Pieces); next <= id; next++ {
		s.got.Pieces = append(s.got.Pieces, next)
		s.got.PieceBytes = append(s.got.PieceBytes, len(s.got.Audio))
	}
}

// End takes the end.
func (s *Sink) End(u upstream.Usage, err error) {
	defer s.enter("End")()
	CheckError(s.t, err, s.cause, s.secrets...)
	if err == nil && s.cause != nil {
		// All had been delivered before the close took effect, which is as good an end.
		s.t.Logf("End: nil though closed with %v", s.cause)
	}
	s.got.Usage, s.got.Err = u, err
	s.over = true
	close(s.ended)
}

// CheckError fails the test where err is none that may leave an adapter: nil, the cause that the adapter was given,
// or an *upstream.Error of a known kind. It searches all that can be printed of it for the secrets.
func CheckError(t testing.TB, err, cause error, secrets ...string) {
	t.Helper()
	if err == nil || cause != nil && errors.Is(err, cause) {
		return
	}
	var e *upstream.Error
	if !errors.As(err, &e) {
		t.Errorf("got a %T, want an *upstream.Error: %v", err, err)
		return
	}
	if _, known := upstream.Policies[e.Kind]; !known {
		t.Errorf("unknown kind %q", e.Kind)
	}
	checkSecrets(t, err, secrets)
}
