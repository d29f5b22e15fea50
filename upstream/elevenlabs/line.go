package elevenlabs

import (
	"bytes"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// line has a stream's pieces in their order. The first is heard; what comes of the others is held until it is their turn,
// since the vendor may speak several contexts at once.
type line struct {
	// Static.
	sink     upstream.Sink
	most     int  // pieces that may be at the vendor at once
	perFrame bool // times count from the audio of their own frame

	clock upstream.Clock
	held  vendorsocket.Held

	pieces []*piece      // ordered and not ended
	start  time.Duration // of the first piece
	latest *piece        // that was sent last; nil: none was
}

// piece is a context at the vendor.
type piece struct {
	id     int
	text   string // not sent yet; empty: it has been, or there is none
	over   bool   // the vendor has ended its context, or it never had one
	ahead  []packet
	speech speech
}

// packet is what a frame has of a piece.
type packet struct {
	base64 []byte     // nil or empty: no audio
	times  *alignment // nil: no times
}

const (
	// underWay is how many contexts of a stream may be at the vendor: the one that is heard, and the next, so that there is
	// no gap between them. A third would not leave room for another stream among the vendor's five.
	underWay = 2
	// maxHeld is the most that may be held, in bytes: as base64, four minutes of audio at 24 kHz.
	maxHeld = 16 << 20
	// packetSize and charSize are what a packet takes besides its base64, and a timed character besides its text.
	packetSize = 64
	charSize   = 64
)

// size is about what a packet takes while it is held.
func (p packet) size() int {
	size := packetSize + len(p.base64)
	if p.times != nil {
		for _, char := range p.times.Chars {
			size += charSize + len(char)
		}
		size += 8 * (len(p.times.starts()) + len(p.times.lengths()))
	}
	return size
}

// order puts a piece at the end. One without a text has no context, and ends when its turn comes.
func (l *line) order(p upstream.Piece) {
	l.pieces = append(l.pieces, &piece{id: p.ID, text: p.Text, over: p.Text == "", speech: newSpeech(p.Text, l.perFrame)})
	l.advance()
}

// due are the pieces that may be sent now, which they are then taken to be.
func (l *line) due() []upstream.Piece {
	var due []upstream.Piece
	room := l.most - len(l.open())
	for _, p := range l.pieces {
		if p.text != "" && room > 0 {
			due = append(due, upstream.Piece{ID: p.id, Text: p.text})
			p.text = ""
			l.latest = p
			room--
		}
	}
	return due
}

// current is the piece that the vendor is at, or was at last; false: it has had none.
func (l *line) current() (id int, ok bool) {
	if id, ok = l.turn(); ok {
		return id, true
	}
	if l.latest == nil {
		return 0, false
	}
	return l.latest.id, true
}

// unsent is how many pieces the vendor has heard nothing of. All but the last of them have a text.
func (l *line) unsent() int {
	for i, p := range l.pieces {
		if p.text != "" {
			return len(l.pieces) - i
		}
	}
	return 0
}

// open are the pieces whose contexts are at the vendor.
func (l *line) open() []int {
	var open []int
	for _, p := range l.pieces {
		if !p.over && p.text == "" {
			open = append(open, p.id)
		}
	}
	return open
}

// turn is the first piece whose context is at the vendor.
func (l *line) turn() (id int, ok bool) {
	for _, p := range l.pieces {
		if !p.over && p.text == "" {
			return p.id, true
		}
	}
	return 0, false
}

// find is a piece whose context is open, and whether it is its turn; nil for any other.
func (l *line) find(id int) (p *piece, turn bool) {
	for i, p := range l.pieces {
		if p.id == id && !p.over && p.text == "" {
			return p, i == 0
		}
	}
	return nil, false
}

// receive takes audio and times of a piece. It reports false where more came ahead of its turn than can be held.
func (l *line) receive(id int, what packet) bool {
	p, turn := l.find(id)
	switch {
	case p == nil:
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
	for _, p := range l.pieces {
		p.ahead = nil
	}
}

// finish takes the end of a piece's context.
func (l *line) finish(id int) {
	if p, _ := l.find(id); p != nil {
		p.over = true
		l.advance()
	}
}

// forget takes the end of a piece's context once the sink hears no more.
func (l *line) forget(id int) {
	if p, _ := l.find(id); p != nil {
		p.over = true
	}
}

// advance ends pieces that are over, in turn, and lets those after them be heard.
func (l *line) advance() {
	for len(l.pieces) > 0 && l.pieces[0].over {
		ended := l.pieces[0]
		l.say(ended, ended.speech.rest())
		l.clock.Fill(l.sink)
		l.sink.PieceEnd(ended.id)
		l.pieces = l.pieces[1:]
		l.start = l.clock.Now()
		if len(l.pieces) > 0 {
			l.release(l.pieces[0])
		}
	}
}

// release hands on what was held of a piece.
func (l *line) release(p *piece) {
	for _, what := range p.ahead {
		l.held.Give(what.size())
		l.tell(p, what)
	}
	p.ahead = nil
}

// tell hands audio and words on. The words are of the audio that comes with them, or after.
func (l *line) tell(p *piece, what packet) {
	if what.times != nil {
		l.say(p, p.speech.add(what.times, l.clock.Now()-l.start, len(what.base64) > 0))
	}
	if len(what.base64) > 0 {
		f := upstream.Frame{Format: l.clock.Format, Base64: what.base64}
		l.clock.Add(f)
		l.sink.Audio(f)
	}
}

// say hands words on, in times from the stream's first sample. No word starts before the one before it.
func (l *line) say(p *piece, words []upstream.Word) {
	if len(words) == 0 {
		return
	}
	for i := range words {
		w := &words[i]
		w.Piece = p.id
		w.Start, w.End = l.clock.Span(l.start+w.Start, l.start+w.End)
	}
	l.sink.Words(words)
}
