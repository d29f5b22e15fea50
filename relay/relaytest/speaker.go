package relaytest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"voicerelay/audio"
	"voicerelay/text"
	"voicerelay/upstream"
)

// The words of speakers last between these, the fastest and the slowest alike.
const (
	shortestSpoken = 75 * time.Millisecond
	longestSpoken  = 320 * time.Millisecond
)

// SpeakerFormat is small, since a test hears minutes of it.
var SpeakerFormat = audio.Format{Encoding: audio.PCM16, Rate: 8000}

// Lengths says how long a speaker's words last.
type Lengths int

// How long a speaker's words last.
const (
	ByLetters Lengths = iota // as long as they are written, more or less
	alike                    // all the same
	drawn                    // anything: they have nothing to do with the letters
)

// Manner is how a voice speaks.
type Manner struct {
	Lengths  Lengths
	Rate     float64       // of words by letters, 1: 60 ms and 30 ms a letter
	word     time.Duration // of words that are alike
	jitter   float64       // of every length, as a share of it
	Between  time.Duration // silence after each word; 0: words run together
	Clause   time.Duration // silence at a comma; 0: it makes none there
	Sentence time.Duration // silence at a sentence's end
	leading  time.Duration // silence before each piece
	trailing time.Duration // and after it
}

// DrawManner is some voice.
func DrawManner(d *rand.Rand) Manner {
	ms := func(from, to int) time.Duration { return time.Duration(from+d.IntN(to-from+1)) * time.Millisecond }
	m := Manner{
		Lengths: []Lengths{ByLetters, ByLetters, alike, drawn}[d.IntN(4)], Rate: 0.8 + 0.5*d.Float64(), word: ms(75, 320), jitter: 0.4 * d.Float64(),
		Clause: ms(90, 180), Sentence: ms(150, 320), leading: ms(0, 250), trailing: ms(0, 250),
	}
	if d.IntN(2) == 0 {
		m.Between = ms(20, 60)
	}
	if d.IntN(4) == 0 {
		m.jitter = 0 // a perfectly regular one
	}
	if d.IntN(6) == 0 {
		m.Clause = 0
	}
	return m
}

// saidWord is a word and where it stands in a stream's audio.
type saidWord struct {
	Char       int // where the word begins in the client's text
	start, end time.Duration
}

// Utterance is a piece as a voice says it.
type Utterance struct {
	words  []saidWord
	Length time.Duration
}

// Say says a piece from a place in the stream's audio on.
func (m Manner) Say(p text.Piece, from time.Duration, d *rand.Rand) Utterance {
	at := from + m.vary(m.leading, d)
	var u Utterance
	beats := p.Beats()
	for i, b := range beats {
		n := m.length(b, d)
		u.words = append(u.words, saidWord{Char: b.Start, start: at, end: at + n})
		at += n + m.vary(m.Between, d)
		if i+1 < len(beats) {
			at += m.vary([]time.Duration{0, m.Clause, m.Sentence}[b.Pause], d)
		}
	}
	u.Length = at + m.vary(m.trailing, d) - from
	return u
}

func (m Manner) vary(d time.Duration, chance *rand.Rand) time.Duration {
	return time.Duration(float64(d) * (1 + m.jitter*(2*chance.Float64()-1)))
}

// length is what a word lasts. A digit is a word of its own.
func (m Manner) length(b text.Beat, d *rand.Rand) time.Duration {
	if digits := strings.Count(strings.Map(digitMark, b.Text), "0"); digits > 1 {
		n := time.Duration(0)
		for range digits {
			n += m.length(text.Beat{Token: text.Token{Text: "four"}}, d)
		}
		return n
	}
	n := m.word
	switch m.Lengths {
	case ByLetters:
		n = time.Duration(m.Rate * float64(60*time.Millisecond+30*time.Millisecond*time.Duration(len([]rune(b.Text)))))
	case drawn:
		return shortestSpoken + time.Duration(d.Int64N(int64(longestSpoken-shortestSpoken)))
	}
	return min(max(m.vary(n, d), shortestSpoken), longestSpoken)
}

func digitMark(r rune) rune {
	if unicode.IsDigit(r) {
		return '0'
	}
	return -1
}

// Speaker is a provider whose every voice has a manner of its own, and no word times.
type Speaker struct {
	Caps  upstream.Capabilities
	Pace  float64       // times real time
	Chunk time.Duration // of audio in a frame

	mu     sync.Mutex
	Manner map[string]Manner
	Dice   *rand.Rand
	Breaks time.Duration // where the next stream breaks off, in its audio; 0: it doesn't
	Stalls bool          // it falls silent there, else it errs
	Text   string        // the whole that the next stream has of it
	Said   []saidWord    // by the last stream
	length time.Duration // of its audio that was sent
}

// NewSpeaker is a provider without voices, which marks the ends of pieces as given. A test adds them to Manner.
func NewSpeaker(ends upstream.PieceEnds) *Speaker {
	return &Speaker{
		Caps: upstream.Capabilities{
			PieceEnds: ends, WordTimes: upstream.WordTimesNone, Cancel: upstream.CancelConfirmed,
			Normalize: true, Language: true, MinSpeed: 1, MaxSpeed: 1,
		},
		Manner: make(map[string]Manner),
	}
}

// Capabilities are Caps.
func (s *Speaker) Capabilities() upstream.Capabilities { return s.Caps }

// ParseOptions takes any options, and ignores them.
func (s *Speaker) ParseOptions(json.RawMessage) (any, error) { return nil, nil }

// Close does nothing: streams are closed one by one.
func (s *Speaker) Close() error { return nil }

// Open begins a stream that speaks in the voice's manner, and breaks off where the speaker is set to. It clears Said.
func (s *Speaker) Open(_ context.Context, req upstream.Request, sink upstream.Sink) (upstream.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &speakerStream{
		speaker: s, manner: s.Manner[req.Voice], dice: s.Dice, breaks: s.Breaks, stalls: s.Stalls, sink: sink, whole: s.Text,
		pieces: make(chan upstream.Piece, 16), stop: make(chan struct{}), over: make(chan struct{}),
	}
	s.Said, s.length = nil, 0
	go st.speak()
	return st, nil
}

// speakerStream has one goroutine, which Close waits for.
type speakerStream struct {
	speaker *Speaker
	manner  Manner
	dice    *rand.Rand
	breaks  time.Duration
	stalls  bool
	sink    upstream.Sink
	whole   string
	pieces  chan upstream.Piece
	stop    chan struct{}
	over    chan struct{}

	begun  time.Time
	char   int           // what was said of the whole text, in bytes
	at     time.Duration // of audio sent
	length time.Duration // of audio begun
}

func (s *speakerStream) Speak(_ context.Context, p upstream.Piece) error {
	s.pieces <- p
	return nil
}

func (s *speakerStream) Close(context.Context, error) error {
	close(s.stop)
	<-s.over
	return nil
}

func (s *speakerStream) speak() {
	defer close(s.over)
	if !s.pause(100 * time.Millisecond) {
		s.sink.End(upstream.Usage{}, errFakeClosed)
		return
	}
	for {
		select {
		case <-s.stop:
			s.sink.End(upstream.Usage{}, errFakeClosed)
			return
		case p := <-s.pieces:
			if err := s.piece(p); err != nil {
				s.sink.End(upstream.Usage{}, err)
				return
			}
			if p.Last {
				s.sink.End(upstream.Usage{}, nil)
				return
			}
		}
	}
}

// piece says a piece.
func (s *speakerStream) piece(p upstream.Piece) error {
	if p.Text == "" {
		return nil
	}
	begin := s.char + strings.Index(s.whole[s.char:], p.Text)
	s.char = begin + len(p.Text)
	u := s.manner.Say(text.Piece{Start: begin, End: s.char, Text: p.Text}, s.length, s.dice)
	s.speaker.mu.Lock()
	s.speaker.Said = append(s.speaker.Said, u.words...)
	s.speaker.mu.Unlock()
	s.length += u.Length
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
	if wait := time.Until(s.begun.Add(time.Duration(float64(s.at) / s.speaker.Pace))); wait < 0 {
		s.begun = s.begun.Add(-wait) // it idled
	}
	pcm := toneOf(u, s.length-u.Length)
	for len(pcm) > 0 {
		n := min(len(pcm), 2*int(audio.Samples(s.speaker.Chunk, SpeakerFormat.Rate)))
		length := audio.Duration(int64(n/2), SpeakerFormat.Rate)
		breaks := s.breaks > 0 && s.at+length > s.breaks
		if breaks {
			n = 2 * int(audio.Samples(s.breaks-s.at, SpeakerFormat.Rate))
			length = audio.Duration(int64(n/2), SpeakerFormat.Rate)
		}
		if !s.pause(time.Until(s.begun.Add(time.Duration(float64(s.at+length) / s.speaker.Pace)))) {
			return errFakeClosed
		}
		s.sink.Audio(upstream.Frame{Format: SpeakerFormat, Raw: pcm[:n]})
		s.at += length
		pcm = pcm[n:]
		if breaks {
			return s.broken()
		}
	}
	if s.speaker.Caps.PieceEnds != upstream.PieceEndsNone {
		s.sink.PieceEnd(p.ID)
	}
	return nil
}

func (s *speakerStream) broken() error {
	if s.stalls {
		<-s.stop
		return errFakeClosed
	}
	return &upstream.Error{Kind: upstream.UpstreamError, Message: "broke off"}
}

func (s *speakerStream) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-s.stop:
		return false
	case <-time.After(d):
		return true
	}
}

// toneOf is the samples of an utterance that begins at a place in the stream's audio: words that run together are one
// sound, which says nothing of where they meet.
func toneOf(u Utterance, from time.Duration) []byte {
	pcm := make([]byte, 2*audio.Samples(u.Length, SpeakerFormat.Rate))
	for _, w := range u.words {
		begin, end := audio.Samples(w.start-from, SpeakerFormat.Rate), audio.Samples(w.end-from, SpeakerFormat.Rate)
		for i := begin; i < end; i++ {
			level := int16(8000)
			if i%8 >= 4 {
				level = -level
			}
			binary.LittleEndian.PutUint16(pcm[2*i:], uint16(level))
		}
	}
	return pcm
}

// HeardBy is how many words are whole by a place in the audio.
func HeardBy(said []saidWord, at time.Duration) int {
	const heard = 5 * time.Millisecond // of its end may be missing
	n, _ := slices.BinarySearchFunc(said, at+heard, func(w saidWord, t time.Duration) int {
		if w.end <= t {
			return -1
		}
		return 1
	})
	return n
}

// vocabulary has words as long as those of common English.
var vocabulary = strings.Fields(`a I to of in it is the and was for you are not but his her they have this that with from
	when what said there which their would about other after first never water people little without because through
	another something morning between together different important afternoon interesting neighbourhood 1999 250`)

// DrawText is some sentences of so many words in all.
func DrawText(words int, d *rand.Rand) string {
	var b strings.Builder
	clause, sentence := 0, 0
	commas := d.IntN(5) > 0 // one text in five has none
	for i := range words {
		word := vocabulary[d.IntN(len(vocabulary))]
		if d.IntN(3) > 0 && unicode.IsDigit(rune(word[0])) {
			word = "many" // numbers are rare
		}
		b.WriteString(word)
		clause, sentence = clause+1, sentence+1
		switch {
		case i == words-1, sentence >= 5 && d.IntN(8) == 0:
			b.WriteString(". ")
			clause, sentence = 0, 0
		case commas && clause >= 3 && d.IntN(5) == 0:
			b.WriteString(", ")
			clause = 0
		default:
			b.WriteString(" ")
		}
	}
	return strings.TrimSpace(b.String())
}

// PieceOf is a text as one piece, from a place in the whole.
func PieceOf(s string, start int) text.Piece {
	var b text.Buffer
	b.Append(s)
	b.Finish()
	p, _ := text.NewCutter(&b, start, text.Schedule{Gather: []int{100_000}, Max: 100_000}, true).Next(text.Now{Idle: true})
	return p
}
