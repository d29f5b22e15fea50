// Package relaytest has vendors for tests of the engine and of the server: providers within the test's own process, which speak,
// fail, stall and bill as a test wants it. FakeProvider encodes each character in its audio, so that a test can read what was heard.
// Speaker speaks at uneven lengths and tells no word times, as voices do that are hard to follow. Listener is where clients in the
// same process reach a server.
//
// Most work on the fake time of testing/synctest.
package relaytest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/text"
	"voicerelay/upstream"
)

// FakeProvider speaks at a pace: each character of a piece is a frame, loud as its code for a letter or digit, else silent.
type FakeProvider struct {
	Caps     upstream.Capabilities
	Refuse   error         // Open fails with it
	First    time.Duration // before a stream's first audio
	Pace     time.Duration // between frames; 0: all at once
	Silent   bool          // takes text and says nothing
	FailAt   int           // after so many frames the stream ends with failure; 0: never
	Failure  error         // nil: says that all was well
	StallAt  int           // after so many frames the stream says nothing for StallFor
	StallFor time.Duration // 0: for good
	Mute     bool          // ends normally without audio
	Panics   bool          // Open panics
	connect  time.Duration // that Open takes
	Times    FakeTimes
	Distort  func(*upstream.Word) // what it makes of a word's times; nil: nothing
	endsOpen bool                 // says nothing of a piece's end, but for the last
	NoBill   bool                 // says nothing of what it charges
	HangsUp  time.Duration        // after which a stream that has nothing to do ends with failure; 0: never
	Lingers  time.Duration        // how long a stream is at the vendor after Close
	KeepFor  time.Duration        // pieces after the first are kept back for so long, and then spoken together

	Mu      sync.Mutex
	opened  []upstream.Request
	Asked   []time.Time // Open was called
	closed  []error     // causes given to Close, in order
	Pieces  []upstream.Piece
	current int // streams open
	present int // streams at the vendor
	most    int // of those, at once
}

// FakeTimes says when a fake tells word times.
type FakeTimes int

// When a fake tells word times.
const (
	TimesAfter  FakeTimes = iota // those of a piece, after its audio
	TimesAhead                   // those of a piece, before its audio
	TimesSpoken                  // each word's, after its last character
	TimesNever                   // not at all
)

// The measures of a fake's audio.
const (
	FakeRate        = 24000              // samples a second
	SamplesPerChar  = FakeRate / 20      // 50 ms, as CharLength
	FakeFrameLength = 2 * SamplesPerChar // in bytes: a frame is one character
)

// NewFake is a provider that has no faults, speaks all of a piece at once and tells its word times after it. Its fields are set
// before it is used, or under Mu.
func NewFake() *FakeProvider {
	return &FakeProvider{Caps: upstream.Capabilities{
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

// Capabilities are Caps.
func (f *FakeProvider) Capabilities() upstream.Capabilities { return f.Caps }

// ParseOptions takes all options that do not have "bad" in them, and returns their JSON.
func (f *FakeProvider) ParseOptions(raw json.RawMessage) (any, error) {
	if strings.Contains(string(raw), "bad") {
		return nil, &upstream.OptionError{Field: "bad", Reason: "unknown option"}
	}
	return string(raw), nil
}

// Open notes the request and begins a stream, unless the fake is to refuse it.
func (f *FakeProvider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if f.connect > 0 {
		select {
		case <-ctx.Done():
			return nil, &upstream.Error{Kind: upstream.ConnectFailed, Message: "gave up", Err: ctx.Err()}
		case <-time.After(f.connect):
		}
	}
	f.Mu.Lock()
	defer f.Mu.Unlock()
	if f.Panics {
		panic("no reason")
	}
	f.Asked = append(f.Asked, time.Now())
	if f.Refuse != nil {
		return nil, f.Refuse
	}
	f.opened = append(f.opened, req)
	f.current++
	f.present++
	f.most = max(f.most, f.present)
	s := &fakeStream{provider: f, failAt: f.FailAt, failure: f.Failure, sink: sink, pieces: make(chan upstream.Piece, 16), stop: make(chan struct{}), over: make(chan struct{})}
	go s.speak()
	return s, nil
}

// Close does nothing: streams are closed one by one.
func (f *FakeProvider) Close() error { return nil }

// Breaks has the streams that begin from now on end with an error after so many frames.
func (f *FakeProvider) Breaks(after int, failure error) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.FailAt, f.Failure = after, failure
}

// StreamsOpen is how many streams were opened and not closed yet.
func (f *FakeProvider) StreamsOpen() int {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	return f.current
}

// Crowd is how many streams were at the vendor at once, at most, and how many were opened.
func (f *FakeProvider) Crowd() (most, opened int) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	return f.most, len(f.opened)
}

// Requests are those that streams were opened with, in order.
func (f *FakeProvider) Requests() []upstream.Request {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	return append([]upstream.Request(nil), f.opened...)
}

// Causes are those that streams were closed with, in order.
func (f *FakeProvider) Causes() []error {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	return append([]error(nil), f.closed...)
}

// Spoken is the text of all pieces that all streams were given.
func (f *FakeProvider) Spoken() string {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	var all strings.Builder
	for _, p := range f.Pieces {
		all.WriteString(p.Text)
	}
	return all.String()
}

// fakeStream has one goroutine, which Close waits for.
type fakeStream struct {
	provider *FakeProvider
	failAt   int
	failure  error
	sink     upstream.Sink
	pieces   chan upstream.Piece
	stop     chan struct{}
	over     chan struct{}
	frames   int
	at       time.Duration // audio so far

	// Guarded by provider.Mu.
	given, kept int // pieces
}

func (s *fakeStream) Speak(_ context.Context, p upstream.Piece) error {
	s.provider.Mu.Lock()
	s.provider.Pieces = append(s.provider.Pieces, p)
	if s.given++; s.provider.KeepFor > 0 && s.given > 1 {
		s.kept++
		s.sink.Withheld(s.kept)
	}
	s.provider.Mu.Unlock()
	s.pieces <- p
	return nil
}

// letGo waits until what is kept back may be spoken.
func (s *fakeStream) letGo() bool {
	if s.keptBack() == 0 {
		return true
	}
	if !s.pause(s.provider.KeepFor) {
		return false
	}
	s.provider.Mu.Lock()
	defer s.provider.Mu.Unlock()
	s.kept = 0
	s.sink.Withheld(0)
	return true
}

func (s *fakeStream) keptBack() int {
	s.provider.Mu.Lock()
	defer s.provider.Mu.Unlock()
	return s.kept
}

func (s *fakeStream) Close(_ context.Context, cause error) error {
	close(s.stop)
	<-s.over
	s.provider.Mu.Lock()
	defer s.provider.Mu.Unlock()
	s.provider.current--
	s.provider.closed = append(s.provider.closed, cause)
	return nil
}

func (s *fakeStream) WhenGone(f func()) {
	goes := func() {
		s.provider.Mu.Lock()
		s.provider.present--
		s.provider.Mu.Unlock()
		f()
	}
	if s.provider.Lingers == 0 {
		goes()
		return
	}
	time.AfterFunc(s.provider.Lingers, goes)
}

func (s *fakeStream) speak() {
	defer close(s.over)
	charge := upstream.Usage{Charge: upstream.Charge{Decimal: "0.18", Scale: -2, Currency: "EUR"}}
	if s.provider.NoBill {
		charge = upstream.Usage{}
	}
	stopped := &upstream.Error{Kind: upstream.Canceled, Message: "closed"}
	for {
		var idle <-chan time.Time
		if f := s.provider; f.HangsUp > 0 && s.frames > 0 {
			idle = time.After(f.HangsUp)
		}
		select {
		case <-idle:
			s.sink.End(charge, s.failure)
			return
		case <-s.stop:
			s.sink.End(charge, stopped)
			return
		case p := <-s.pieces:
			if s.provider.Silent {
				continue
			}
			if !s.letGo() {
				continue // to the stop
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

var errFakeClosed = &upstream.Error{Kind: upstream.Canceled, Message: "closed"}

// piece sends a piece's audio and words.
func (s *fakeStream) piece(p upstream.Piece) error {
	f := s.provider
	if s.frames == 0 && !s.pause(f.First) {
		return errFakeClosed
	}
	runes := []rune(p.Text)
	if f.Mute {
		runes = nil
	}
	words := FakeWords(p, s.at)
	for i := range words {
		if f.Distort != nil {
			f.Distort(&words[i])
		}
	}
	if f.Times == TimesAhead {
		s.sink.Words(words)
	}
	for i, r := range runes {
		if s.failAt > 0 && s.frames == s.failAt {
			return s.failure
		}
		if !s.stall() || !s.pause(f.Pace) {
			return errFakeClosed
		}
		s.sink.Audio(FakeFrame(r))
		s.frames++
		if f.Times == TimesSpoken {
			words = s.tell(words, s.at+time.Duration(i+1)*CharLength)
		}
	}
	s.at += time.Duration(len(runes)) * CharLength
	if f.Times == TimesAfter || f.Times == TimesSpoken {
		s.sink.Words(words)
	}
	if !f.endsOpen {
		s.sink.PieceEnd(p.ID)
	}
	return nil
}

// stall pauses where the provider is set to; false: the stream was closed meanwhile.
func (s *fakeStream) stall() bool {
	f := s.provider
	if f.StallAt == 0 || s.frames != f.StallAt {
		return true
	}
	if f.StallFor > 0 {
		return s.pause(f.StallFor)
	}
	<-s.stop
	return false
}

// tell tells the words that end by a time, and returns the others.
func (s *fakeStream) tell(words []upstream.Word, by time.Duration) []upstream.Word {
	n := 0
	for n < len(words) && words[n].End <= by {
		n++
	}
	if n > 0 {
		s.sink.Words(words[:n])
	}
	return words[n:]
}

// CharLength is what a fake takes for a character.
const CharLength = 50 * time.Millisecond

// Loudness is how loud a fake says a character.
func Loudness(r rune) int16 {
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return 0
	}
	return int16(r) * 100
}

// FakeFormat is what a fake speaks in.
var FakeFormat = audio.Format{Encoding: audio.PCM16, Rate: FakeRate}

// FakeFrame is the audio of one character: samples of its Loudness, so that a test can tell which character was heard.
func FakeFrame(r rune) upstream.Frame {
	raw := make([]byte, 0, FakeFrameLength)
	for range SamplesPerChar {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(Loudness(r)))
	}
	return upstream.Frame{Format: FakeFormat, Raw: raw}
}

// FakeWords times each word by its characters.
func FakeWords(p upstream.Piece, from time.Duration) []upstream.Word {
	var ws []upstream.Word
	for _, t := range text.Tokens(p.Text, 0) {
		ws = append(ws, upstream.Word{
			Text: t.Text, Piece: p.ID, Score: -1,
			Start: from + time.Duration(t.Start)*CharLength,
			End:   from + time.Duration(t.End)*CharLength,
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

// Texts are the pieces that were ordered.
func (f *FakeProvider) Texts() []string {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	var all []string
	for _, p := range f.Pieces {
		all = append(all, p.Text)
	}
	return all
}

// vendorPace is four times real time, which is how fast vendors speak.
const vendorPace = CharLength / 4

// Lively is a fake that speaks as vendors do, and tells each word's time as it is spoken.
func Lively() *FakeProvider {
	f := NewFake()
	f.First, f.Pace, f.Times = 60*time.Millisecond, vendorPace, TimesSpoken
	return f
}

// Deaf is one that tells no word times, and marks the ends of pieces so.
func Deaf(ends upstream.PieceEnds) *FakeProvider {
	f := Lively()
	f.Times, f.Caps.WordTimes, f.Caps.PieceEnds = TimesNever, upstream.WordTimesNone, ends
	f.endsOpen = ends == upstream.PieceEndsNone
	return f
}

// TwelveWords is a sentence that lasts long enough to fail in.
const TwelveWords = "One two three four five six seven eight nine ten eleven twelve."

// Machine is a clock whose process runs, except while the test stops it.
type Machine struct {
	*awake.Clock
	stopped atomic.Bool
}

// NewMachine is a clock that runs until the test ends. The test has to be in a synctest bubble.
func NewMachine(t *testing.T) *Machine {
	m := &Machine{Clock: awake.New()}
	over := make(chan struct{})
	go func() {
		ticks := time.NewTicker(100 * time.Millisecond)
		defer ticks.Stop()
		for {
			if !m.stopped.Load() {
				m.Look()
			}
			select {
			case <-ticks.C:
			case <-over:
				return
			}
		}
	}()
	t.Cleanup(func() { close(over) })
	synctest.Wait()
	return m
}

// Stop stops the process for so long.
func (m *Machine) Stop(d time.Duration) {
	m.stopped.Store(true)
	time.Sleep(d)
	m.stopped.Store(false)
}
