package rime

import (
	"bytes"
	"slices"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// line has a stream's pieces in their order. The first is heard; what comes of the next is held until it is its turn, since the
// vendor speaks contexts side by side.
type line struct {
	sink  upstream.Sink
	clock upstream.Clock
	held  vendorsocket.Held

	pieces []*piece      // ordered and not ended
	start  time.Duration // of the first piece
	latest *piece        // that was sent last; nil: none was
}

// piece is a context at the vendor.
type piece struct {
	id        int
	text      string          // not sent yet; empty: it has been, or there is none
	over      bool            // the vendor has ended its context, or it never had one
	err       *upstream.Error // why it is over, where that is no good end
	requestID string          // the vendor's name of it; empty: not known
	ahead     [][]byte        // base64 that came before its turn
	words     []wordTime
}

const (
	// underWay is how many contexts of a stream may be at the vendor: the one that is heard, and the next, so that there is
	// no gap between them.
	underWay = 2
	// maxHeld is the most that may be held, in bytes: as base64, four minutes of audio at 24 kHz.
	maxHeld = 16 << 20
	// chunkSize and wordSize are what a chunk takes besides its base64, and a word besides its text.
	chunkSize = 64
	wordSize  = 64
)

// order puts a piece at the end. One without a text has no context, and ends when its turn comes.
func (l *line) order(p upstream.Piece) {
	l.pieces = append(l.pieces, &piece{id: p.ID, text: p.Text, over: p.Text == ""})
	l.advance()
}

// due are the pieces that may be sent now, which they are then taken to be.
func (l *line) due() []upstream.Piece {
	var due []upstream.Piece
	room := underWay - len(l.open())
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

// unsent is how many of the last pieces the vendor has heard nothing of. All but the last of them have a text.
func (l *line) unsent() int {
	for i, p := range l.pieces {
		if p.text != "" {
			return len(l.pieces) - i
		}
	}
	return 0
}

// open are the pieces whose contexts are at the vendor, the last first: in this order none begins because the one before it has
// been stopped.
func (l *line) open() []int {
	var open []int
	for _, p := range slices.Backward(l.pieces) {
		if !p.over && p.text == "" {
			open = append(open, p.id)
		}
	}
	return open
}

// current is the piece that the vendor is at, or was at last; nil: it has had none.
func (l *line) current() *piece {
	for _, p := range l.pieces {
		if p.err != nil || !p.over && p.text == "" {
			return p
		}
	}
	return l.latest
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

// name notes what the vendor calls a piece.
func (l *line) name(id int, requestID string) {
	if p, _ := l.find(id); p != nil {
		p.requestID = requestID
	}
}

// audio takes audio of a piece. It reports false where more came ahead of its turn than can be held.
func (l *line) audio(id int, base64 []byte) bool {
	p, turn := l.find(id)
	switch {
	case p == nil || len(base64) == 0:
		return true
	case turn:
		l.sound(base64)
		return true
	case !l.held.Take(chunkSize + len(base64)):
		return false
	}
	p.ahead = append(p.ahead, bytes.Clone(base64))
	return true
}

// finish takes the end of a piece's context, because of err where that is not nil. It reports false where more words came ahead of
// their turn than can be held. A piece's error waits for its turn as its audio does: what comes before it is good.
func (l *line) finish(id int, words []wordTime, err *upstream.Error) bool {
	p, turn := l.find(id)
	if p == nil {
		return true
	}
	if !turn && !l.held.Take(sizeOf(words)) {
		return false
	}
	p.over, p.words, p.err = true, words, err
	if turn {
		l.advance()
	}
	return true
}

// sizeOf is about what words take.
func sizeOf(words []wordTime) int {
	size := 0
	for _, w := range words {
		size += wordSize + len(w.text)
	}
	return size
}

// forget takes the end of a piece's context once the sink hears no more.
func (l *line) forget(id int) {
	if p, _ := l.find(id); p != nil {
		p.over = true
	}
}

// advance ends pieces that are over, in turn, and lets those after them be heard. It stops at one that failed.
func (l *line) advance() {
	for len(l.pieces) > 0 && l.pieces[0].over && l.pieces[0].err == nil {
		ended := l.pieces[0]
		l.tell(ended)
		l.clock.Fill(l.sink)
		l.sink.PieceEnd(ended.id)
		l.pieces = l.pieces[1:]
		l.start = l.clock.Now()
		if len(l.pieces) > 0 {
			l.release(l.pieces[0])
		}
	}
}

// failed reports whether the piece whose turn it is has failed.
func (l *line) failed() bool { return len(l.pieces) > 0 && l.pieces[0].err != nil }

// failure is the error of the first piece that failed, or nil.
func (l *line) failure() *upstream.Error {
	for _, p := range l.pieces {
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// release hands on the audio that was held of a piece, and counts its words no more, which follow with its end.
func (l *line) release(p *piece) {
	for _, base64 := range p.ahead {
		l.held.Give(chunkSize + len(base64))
		l.sound(base64)
	}
	l.held.Give(sizeOf(p.words))
	p.ahead = nil
}

// drop forgets all that is held.
func (l *line) drop() {
	l.held.Drop()
	for _, p := range l.pieces {
		p.ahead, p.words = nil, nil
	}
}

// sound hands audio on.
func (l *line) sound(base64 []byte) {
	f := upstream.Frame{Format: l.clock.Format, Base64: base64}
	l.clock.Add(f)
	l.sink.Audio(f)
}

// tell hands a piece's words on, in times from the stream's first sample.
func (l *line) tell(p *piece) {
	if len(p.words) == 0 {
		return
	}
	told := make([]upstream.Word, len(p.words))
	for i, w := range p.words {
		start, end := l.clock.Span(l.start+w.start, l.start+w.end)
		told[i] = upstream.Word{Text: w.text, Piece: p.id, Start: start, End: end, Score: -1}
	}
	l.sink.Words(told)
}
