package upstreamtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// complaints is a test that keeps what it is told.
type complaints struct {
	testing.TB
	told []string
}

func (c *complaints) Helper()             {}
func (c *complaints) Logf(string, ...any) {}
func (c *complaints) Error(args ...any)   { c.told = append(c.told, fmt.Sprint(args...)) }
func (c *complaints) Errorf(format string, args ...any) {
	c.told = append(c.told, fmt.Sprintf(format, args...))
}

var frame = upstream.Frame{Format: audio.Format{Encoding: audio.PCM16, Rate: 24000}, Raw: []byte{1, 2}}

func TestTheSinkComplains(t *testing.T) {
	word := func(piece int, start, end time.Duration) []upstream.Word {
		return []upstream.Word{{Text: "w", Piece: piece, Start: start, End: end}}
	}
	for name, c := range map[string]struct {
		do   func(s *Sink)
		want string
	}{
		"audio after the end":  {func(s *Sink) { s.End(upstream.Usage{}, nil); s.Audio(frame) }, "Audio: called after End"},
		"two frames in one":    {func(s *Sink) { s.Audio(upstream.Frame{Format: frame.Format, Raw: []byte{}, Base64: []byte{}}) }, "exactly one"},
		"a strange format":     {func(s *Sink) { s.Audio(upstream.Frame{Raw: []byte{}}) }, "unknown encoding"},
		"bad base64":           {func(s *Sink) { s.Audio(upstream.Frame{Format: frame.Format, Base64: []byte("!")}) }, "illegal base64"},
		"words going back":     {func(s *Sink) { s.Words(word(0, 5, 6)); s.Words(word(0, 4, 6)) }, "Words:"},
		"a word ending early":  {func(s *Sink) { s.Words(word(0, 5, 4)) }, "Words:"},
		"pieces going back":    {func(s *Sink) { s.Words(word(1, 5, 6)); s.Words(word(0, 6, 7)) }, "Words:"},
		"a piece ending again": {func(s *Sink) { s.PieceEnd(1); s.PieceEnd(0) }, "PieceEnd: got 0, want 2"},
		"nothing kept again":   {func(s *Sink) { s.Withheld(0) }, "Withheld: got 0 after 0"},
		"an error of no kind":  {func(s *Sink) { s.End(upstream.Usage{}, errors.New("x")) }, "want an *upstream.Error"},
		"an unknown kind":      {func(s *Sink) { s.End(upstream.Usage{}, &upstream.Error{Kind: "odd"}) }, "unknown kind"},
		"a secret": {func(s *Sink) {
			s.End(upstream.Usage{}, &upstream.Error{Kind: upstream.Dropped, Message: "key hush"})
		}, `tells "hush"`},
		"a secret in a cause": {func(s *Sink) {
			s.End(upstream.Usage{}, &upstream.Error{Kind: upstream.Dropped, Err: errors.New("hush")})
		}, `tells "hush"`},
		"a close without an end": {func(s *Sink) { _ = s.Close(func(error) error { return nil }, nil) }, "without End"},
		"words after the close": {func(s *Sink) {
			_ = s.Close(func(error) error { return nil }, nil)
			s.Words(word(0, 0, 0))
		}, "Words: called after Close"},
		"two callers at once": {func(s *Sink) { s.inside.Store(true); s.PieceEnd(0) }, "called while another call runs"},
	} {
		t.Run(name, func(t *testing.T) {
			c2 := &complaints{TB: t}
			c.do(NewSink(c2, "hush"))
			if got := strings.Join(c2.told, "\n"); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want a complaint of %q", got, c.want)
			}
		})
	}
}

func TestTheSinkIsContent(t *testing.T) {
	c := &complaints{TB: t}
	s := NewSink(c, "hush")
	s.Audio(frame)
	s.Words([]upstream.Word{{Text: "w", Start: 1, End: 2}})
	s.Withheld(2)
	s.PieceEnd(0)
	s.Withheld(0)
	s.PieceEnd(2)
	cause := errors.New("hush: a cause is the caller's own")
	_ = s.Close(func(cause error) error { s.End(upstream.Usage{}, cause); return nil }, cause)
	if len(c.told) != 0 {
		t.Errorf("got complaints %q", c.told)
	}
	if h := s.Heard(); len(h.Audio) != 2 || h.Frames != 1 || len(h.Words) != 1 || len(h.Pieces) != 3 || !errors.Is(h.Err, cause) {
		t.Errorf("got %+v", h)
	}
}
