package soniox

import (
	"bytes"
	"slices"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// line has the vendor's streams of one of ours in their order, each a piece or a part of one. The first is heard; what comes
// of the others is held until it is their turn, since the vendor speaks several streams at once.
type line struct {
	sink  upstream.Sink
	clock upstream.Clock
	held  vendorsocket.Held

	parts   []*part       // ordered and not ended
	ordered int           // so far
	start   time.Duration // of the first part
	latest  *part         // that was sent last; nil: none was
}

// part is a stream at the vendor.
type part struct {
	number      int // of all of the stream's
	piece       int
	first, last bool            // of its piece
	text        string          // not sent yet; empty: it has been, or there is none
	through     bool            // all of its audio has come
	over        bool            // the vendor has ended it, or never had it
	err         *upstream.Error // why it is over, where that is no good end
	ahead       []packet
	spelling    upstream.Spelling
}

// packet is what a frame has of a part.
type packet struct {
	base64 []byte      // nil or empty: no audio
	times  *timestamps // nil: no times
	end    bool        // no more audio follows
}

const (
	// underWay is how many parts may be at the vendor: the one that is heard, and the next, so that there is no gap between
	// them. A third would not leave room for another of our streams among the vendor's five.
	underWay = 2
	// maxPart is the most text of a part, in bytes: the vendor ends a stream after two minutes of audio, which are 1400 letters
	// of English or 500 of Chinese.
	maxPart = 1000
	// maxHeld is the most that may be held, in bytes: as base64, four minutes of audio at 24 kHz.
	maxHeld = 16 << 20
	// packetSize and charSize are what a packet takes besides its base64, and a timed character besides its text.
	packetSize = 64
	charSize   = 32
)

// size is about what a packet takes while it is held.
func (p packet) size() int {
	size := packetSize + len(p.base64)
	if p.times != nil {
		for _, char := range p.times.Characters {
			size += charSize + len(char)
		}
		size += 8 * (len(p.times.Starts) + len(p.times.Ends))
	}
	return size
}

// order puts a piece at the end. One without a text has no stream at the vendor, and ends when its turn comes.
func (l *line) order(p upstream.Piece) {
	texts := upstream.Parts(p.Text, maxPart)
	for i, text := range texts {
		l.parts = append(l.parts, &part{
			number: l.ordered, piece: p.ID, first: i == 0, last: i == len(texts)-1,
			text: text, over: text == "", spelling: upstream.NewSpelling(text),
		})
		l.ordered++
	}
	l.advance()
}

// order is the text of a part, to be sent.
type order struct {
	number int
	text   string
}

// due are the parts that may be sent now, which they are then taken to be.
func (l *line) due() []order {
	var due []order
	room := underWay - len(l.open())
	for _, p := range l.parts {
		if p.text != "" && room > 0 {
			due = append(due, order{p.number, p.text})
			p.text = ""
			l.latest = p
			room--
		}
	}
	return due
}

// current is the part that the vendor is at, or was at last; false: it has had none.
func (l *line) current() (number int, ok bool) {
	for _, p := range l.parts {
		if p.text == "" && (!p.over || p.err != nil) {
			return p.number, true
		}
	}
	if l.latest == nil {
		return 0, false
	}
	return l.latest.number, true
}

// unsent is how many pieces the vendor has heard nothing of. All but the last of them have a text.
func (l *line) unsent() (n int) {
	waits := false
	for _, p := range l.parts {
		waits = waits || p.text != ""
		if waits && p.first {
			n++
		}
	}
	return n
}

// open are the parts that are at the vendor, the last first: stopped in this order, none begins because the one before it
// has been stopped.
func (l *line) open() []int {
	var open []int
	for _, p := range slices.Backward(l.parts) {
		if !p.over && p.text == "" {
			open = append(open, p.number)
		}
	}
	return open
}

// find is a part that is at the vendor, and whether it is its turn; nil for any other.
func (l *line) find(number int) (p *part, turn bool) {
	for i, p := range l.parts {
		if p.number == number && !p.over && p.text == "" {
			return p, i == 0
		}
	}
	return nil, false
}

// receive takes audio and times of a part. It reports false where more came ahead of its turn than can be held.
func (l *line) receive(number int, what packet) bool {
	p, turn := l.find(number)
	if p == nil {
		return true
	}
	p.through = p.through || what.end
	switch {
	case len(what.base64) == 0 && what.times == nil:
		return true
	case turn:
		l.tell(p, what)
		return true
	case !l.held.Take(what.size()):
		return false
	}
	what.base64 = bytes.Clone(what.base64)
	p.ahead = append(p.ahead, what)
	return true
}

// drop forgets all that is held.
func (l *line) drop() {
	l.held.Drop()
	for _, p := range l.parts {
		p.ahead = nil
	}
}

// fail takes an error of a part, which waits for its turn as its audio does: what comes before it is good.
func (l *line) fail(number int, err *upstream.Error) {
	if p, _ := l.find(number); p != nil {
		p.over, p.err = true, err
	}
}

// finish takes the vendor's word that a part is over.
func (l *line) finish(number int) {
	p, _ := l.find(number)
	if p == nil {
		return // it has failed, or is none
	}
	p.over = true
	if !p.through {
		p.err = cutShort.Error("")
	}
	l.advance()
}

// forget is finish once the sink hears no more.
func (l *line) forget(number int) {
	if p, _ := l.find(number); p != nil {
		p.over = true
	}
}

// failed reports whether the part whose turn it is has failed.
func (l *line) failed() bool { return len(l.parts) > 0 && l.parts[0].err != nil }

// failure is the error of the first part that failed, or nil.
func (l *line) failure() *upstream.Error {
	for _, p := range l.parts {
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// advance ends parts that are over, in turn, and lets those after them be heard. It stops at one that failed.
func (l *line) advance() {
	for len(l.parts) > 0 && l.parts[0].over && l.parts[0].err == nil {
		ended := l.parts[0]
		l.say(ended, ended.spelling.Rest())
		l.clock.Fill(l.sink)
		if ended.last {
			l.sink.PieceEnd(ended.piece)
		}
		l.parts = l.parts[1:]
		l.start = l.clock.Now()
		if len(l.parts) > 0 {
			l.release(l.parts[0])
		}
	}
}

// release hands on what was held of a part.
func (l *line) release(p *part) {
	for _, what := range p.ahead {
		l.held.Give(what.size())
		l.tell(p, what)
	}
	p.ahead = nil
}

// tell hands audio and words on.
func (l *line) tell(p *part, what packet) {
	if len(what.base64) > 0 {
		f := upstream.Frame{Format: l.clock.Format, Base64: what.base64}
		l.clock.Add(f)
		l.sink.Audio(f)
	}
	if what.times != nil {
		what.times.spell(&p.spelling)
		l.say(p, p.spelling.Words())
	}
}

// say hands words on, in times from the stream's first sample.
func (l *line) say(p *part, words []upstream.Word) {
	if len(words) == 0 {
		return
	}
	for i := range words {
		w := &words[i]
		w.Piece = p.piece
		w.Start, w.End = l.clock.Span(l.start+w.Start, l.start+w.End)
	}
	l.sink.Words(words)
}

// spell adds the characters to a spelling. One without a sound time is spoken where the one before it ends.
func (t *timestamps) spell(s *upstream.Spelling) {
	var reach time.Duration
	for i := range min(len(t.Characters), len(t.Starts), len(t.Ends)) {
		start, sane := upstream.Seconds(t.Starts[i])
		if !sane {
			start = reach
		}
		end, sane := upstream.Seconds(t.Ends[i])
		if !sane {
			end = start
		}
		reach = max(start, end)
		s.Add(t.Characters[i], start, reach)
	}
}
