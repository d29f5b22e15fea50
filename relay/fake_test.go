package relay

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/text"
	"voicerelay/upstream"
)

// fakeProvider speaks at a pace: each character of a piece is frameOf(character) of silence.
type fakeProvider struct {
	caps    upstream.Capabilities
	refuse  error         // Open fails with it
	first   time.Duration // before a stream's first audio
	pace    time.Duration // between frames; 0: all at once
	silent  bool          // takes text and says nothing
	failAt  int           // after so many frames the stream ends with failure; 0: never
	failure error
	mute    bool // ends normally without audio
	panics  bool // Open panics

	mu      sync.Mutex
	opened  []upstream.Request
	closed  []error // causes given to Close, in order
	pieces  []upstream.Piece
	current int // streams open
}

const (
	fakeRate        = 24000
	samplesPerChar  = fakeRate / 20 // 50 ms
	fakeFrameLength = 2 * samplesPerChar
)

func newFake() *fakeProvider {
	return &fakeProvider{caps: upstream.Capabilities{
		PieceEnds: upstream.PieceEndsExact,
		WordTimes: upstream.WordTimesWord,
		Cancel:    upstream.CancelConfirmed,
		Spell:     true,
		Normalize: true,
		Language:  true,
		MinSpeed:  0.5,
		MaxSpeed:  2,
	}}
}

func (f *fakeProvider) Capabilities() upstream.Capabilities { return f.caps }

func (f *fakeProvider) ParseOptions(raw json.RawMessage) (any, error) {
	if strings.Contains(string(raw), "bad") {
		return nil, &upstream.OptionError{Field: "bad", Reason: "unknown option"}
	}
	return string(raw), nil
}

func (f *fakeProvider) Open(_ context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("no reason")
	}
	if f.refuse != nil {
		return nil, f.refuse
	}
	f.opened = append(f.opened, req)
	f.current++
	s := &fakeStream{provider: f, sink: sink, pieces: make(chan upstream.Piece, 16), stop: make(chan struct{}), over: make(chan struct{})}
	go s.speak()
	return s, nil
}

func (f *fakeProvider) Close() error { return nil }

func (f *fakeProvider) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current
}

func (f *fakeProvider) causes() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]error(nil), f.closed...)
}

func (f *fakeProvider) spoken() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all strings.Builder
	for _, p := range f.pieces {
		all.WriteString(p.Text)
	}
	return all.String()
}

// fakeStream has one goroutine, which Close waits for.
type fakeStream struct {
	provider *fakeProvider
	sink     upstream.Sink
	pieces   chan upstream.Piece
	stop     chan struct{}
	over     chan struct{}
	frames   int
	at       time.Duration // audio so far
}

func (s *fakeStream) Speak(_ context.Context, p upstream.Piece) error {
	s.provider.mu.Lock()
	s.provider.pieces = append(s.provider.pieces, p)
	s.provider.mu.Unlock()
	s.pieces <- p
	return nil
}

func (s *fakeStream) Close(_ context.Context, cause error) error {
	close(s.stop)
	<-s.over
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	s.provider.current--
	s.provider.closed = append(s.provider.closed, cause)
	return nil
}

func (s *fakeStream) speak() {
	defer close(s.over)
	charge := upstream.Usage{Charge: upstream.Charge{Decimal: "0.18", Scale: -2, Currency: "EUR"}}
	stopped := &upstream.Error{Kind: upstream.Canceled, Message: "closed"}
	for {
		select {
		case <-s.stop:
			s.sink.End(charge, stopped)
			return
		case p := <-s.pieces:
			if s.provider.silent {
				continue
			}
			if err := s.piece(p); err != nil {
				s.sink.End(charge, err)
				return
			}
			if p.Last {
				s.sink.End(charge, nil)
				return
			}
		}
	}
}

// piece sends a piece's audio and words.
func (s *fakeStream) piece(p upstream.Piece) error {
	if s.frames == 0 && !s.pause(s.provider.first) {
		return &upstream.Error{Kind: upstream.Canceled, Message: "closed"}
	}
	runes := len([]rune(p.Text))
	if s.provider.mute {
		runes = 0
	}
	for range runes {
		if s.provider.failAt > 0 && s.frames == s.provider.failAt {
			return s.provider.failure
		}
		if !s.pause(s.provider.pace) {
			return &upstream.Error{Kind: upstream.Canceled, Message: "closed"}
		}
		s.sink.Audio(upstream.Frame{Format: audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, Raw: make([]byte, fakeFrameLength)})
		s.frames++
	}
	s.sink.Words(fakeWords(p, s.at))
	s.at += time.Duration(runes) * 50 * time.Millisecond
	s.sink.PieceEnd(p.ID)
	return nil
}

// fakeWords times each word by its characters.
func fakeWords(p upstream.Piece, from time.Duration) []upstream.Word {
	var ws []upstream.Word
	for _, t := range text.Tokens(p.Text, 0) {
		ws = append(ws, upstream.Word{
			Text: t.Text, Piece: p.ID, Score: -1,
			Start: from + time.Duration(t.Start)*50*time.Millisecond,
			End:   from + time.Duration(t.End)*50*time.Millisecond,
		})
	}
	return ws
}

func (s *fakeStream) pause(d time.Duration) bool {
	if d == 0 {
		return true
	}
	select {
	case <-s.stop:
		return false
	case <-time.After(d):
		return true
	}
}
