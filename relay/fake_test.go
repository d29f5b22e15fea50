package relay

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"strings"
	"sync"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/text"
	"voicerelay/upstream"
)

// fakeProvider speaks at a pace: each character of a piece is a frame, loud as its code for a letter or digit, else silent.
type fakeProvider struct {
	caps     upstream.Capabilities
	refuse   error         // Open fails with it
	first    time.Duration // before a stream's first audio
	pace     time.Duration // between frames; 0: all at once
	silent   bool          // takes text and says nothing
	failAt   int           // after so many frames the stream ends with failure; 0: never
	failure  error         // nil: says that all was well
	stallAt  int           // after so many frames the stream says nothing for stallFor
	stallFor time.Duration // 0: for good
	mute     bool          // ends normally without audio
	panics   bool          // Open panics
	connect  time.Duration // that Open takes
	times    fakeTimes
	distort  func(*upstream.Word) // what it makes of a word's times; nil: nothing
	endsOpen bool                 // says nothing of a piece's end, but for the last
	noBill   bool                 // says nothing of what it charges
	hangsUp  time.Duration        // after which a stream that has nothing to do ends with failure; 0: never
	lingers  time.Duration        // how long a stream is at the vendor after Close
	keepFor  time.Duration        // pieces after the first are kept back for so long, and then spoken together

	mu      sync.Mutex
	opened  []upstream.Request
	asked   []time.Time // Open was called
	closed  []error     // causes given to Close, in order
	pieces  []upstream.Piece
	current int // streams open
	present int // streams at the vendor
	most    int // of those, at once
}

// fakeTimes says when a fake tells word times.
type fakeTimes int

const (
	timesAfter  fakeTimes = iota // a piece's, after its audio
	timesAhead                   // before it
	timesSpoken                  // each word's, after its last character
	timesNever
)

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

func (f *fakeProvider) Open(ctx context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	if f.connect > 0 {
		select {
		case <-ctx.Done():
			return nil, &upstream.Error{Kind: upstream.ConnectFailed, Message: "gave up", Err: ctx.Err()}
		case <-time.After(f.connect):
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("no reason")
	}
	f.asked = append(f.asked, time.Now())
	if f.refuse != nil {
		return nil, f.refuse
	}
	f.opened = append(f.opened, req)
	f.current++
	f.present++
	f.most = max(f.most, f.present)
	s := &fakeStream{provider: f, failAt: f.failAt, failure: f.failure, sink: sink, pieces: make(chan upstream.Piece, 16), stop: make(chan struct{}), over: make(chan struct{})}
	go s.speak()
	return s, nil
}

func (f *fakeProvider) Close() error { return nil }

// breaks has the streams that begin from now on end with an error after so many frames.
func (f *fakeProvider) breaks(after int, failure error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failAt, f.failure = after, failure
}

func (f *fakeProvider) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current
}

// crowd is how many streams were at the vendor at once, at most, and how many were opened.
func (f *fakeProvider) crowd() (most, opened int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.most, len(f.opened)
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
	failAt   int
	failure  error
	sink     upstream.Sink
	pieces   chan upstream.Piece
	stop     chan struct{}
	over     chan struct{}
	frames   int
	at       time.Duration // audio so far

	// Guarded by provider.mu.
	given, kept int // pieces
}

func (s *fakeStream) Speak(_ context.Context, p upstream.Piece) error {
	s.provider.mu.Lock()
	s.provider.pieces = append(s.provider.pieces, p)
	if s.given++; s.provider.keepFor > 0 && s.given > 1 {
		s.kept++
		s.sink.Withheld(s.kept)
	}
	s.provider.mu.Unlock()
	s.pieces <- p
	return nil
}

// letGo waits until what is kept back may be spoken.
func (s *fakeStream) letGo() bool {
	if s.keptBack() == 0 {
		return true
	}
	if !s.pause(s.provider.keepFor) {
		return false
	}
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	s.kept = 0
	s.sink.Withheld(0)
	return true
}

func (s *fakeStream) keptBack() int {
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	return s.kept
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

func (s *fakeStream) WhenGone(f func()) {
	goes := func() {
		s.provider.mu.Lock()
		s.provider.present--
		s.provider.mu.Unlock()
		f()
	}
	if s.provider.lingers == 0 {
		goes()
		return
	}
	time.AfterFunc(s.provider.lingers, goes)
}

func (s *fakeStream) speak() {
	defer close(s.over)
	charge := upstream.Usage{Charge: upstream.Charge{Decimal: "0.18", Scale: -2, Currency: "EUR"}}
	if s.provider.noBill {
		charge = upstream.Usage{}
	}
	stopped := &upstream.Error{Kind: upstream.Canceled, Message: "closed"}
	for {
		var idle <-chan time.Time
		if f := s.provider; f.hangsUp > 0 && s.frames > 0 {
			idle = time.After(f.hangsUp)
		}
		select {
		case <-idle:
			s.sink.End(charge, s.failure)
			return
		case <-s.stop:
			s.sink.End(charge, stopped)
			return
		case p := <-s.pieces:
			if s.provider.silent {
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
	if s.frames == 0 && !s.pause(f.first) {
		return errFakeClosed
	}
	runes := []rune(p.Text)
	if f.mute {
		runes = nil
	}
	words := fakeWords(p, s.at)
	for i := range words {
		if f.distort != nil {
			f.distort(&words[i])
		}
	}
	if f.times == timesAhead {
		s.sink.Words(words)
	}
	for i, r := range runes {
		if s.failAt > 0 && s.frames == s.failAt {
			return s.failure
		}
		if !s.stall() || !s.pause(f.pace) {
			return errFakeClosed
		}
		s.sink.Audio(fakeFrame(r))
		s.frames++
		if f.times == timesSpoken {
			words = s.tell(words, s.at+time.Duration(i+1)*charLength)
		}
	}
	s.at += time.Duration(len(runes)) * charLength
	if f.times == timesAfter || f.times == timesSpoken {
		s.sink.Words(words)
	}
	if !f.endsOpen {
		s.sink.PieceEnd(p.ID)
	}
	return nil
}

// stall says nothing for a while where the provider is to.
func (s *fakeStream) stall() bool {
	f := s.provider
	if f.stallAt == 0 || s.frames != f.stallAt {
		return true
	}
	if f.stallFor > 0 {
		return s.pause(f.stallFor)
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

// charLength is what a fake takes for a character.
const charLength = 50 * time.Millisecond

// loudness is how loud a fake says a character.
func loudness(r rune) int16 {
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return 0
	}
	return int16(r) * 100
}

// fakeFormat is what a fake speaks in.
var fakeFormat = audio.Format{Encoding: audio.PCM16, Rate: fakeRate}

func fakeFrame(r rune) upstream.Frame {
	raw := make([]byte, 0, fakeFrameLength)
	for range samplesPerChar {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(loudness(r)))
	}
	return upstream.Frame{Format: fakeFormat, Raw: raw}
}

// fakeWords times each word by its characters.
func fakeWords(p upstream.Piece, from time.Duration) []upstream.Word {
	var ws []upstream.Word
	for _, t := range text.Tokens(p.Text, 0) {
		ws = append(ws, upstream.Word{
			Text: t.Text, Piece: p.ID, Score: -1,
			Start: from + time.Duration(t.Start)*charLength,
			End:   from + time.Duration(t.End)*charLength,
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
