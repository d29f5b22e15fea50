package vogent

import (
	"bytes"
	"slices"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// line has a stream's pieces in their order. The first is heard; what comes of the others is held until it is their turn,
// since the vendor may speak several generations at once.
type line struct {
	sink  upstream.Sink
	clock upstream.Clock
	held  vendorsocket.Held

	pieces []*generation // ordered and not ended
	start  time.Duration // of the first piece
	latest *generation   // that was ordered last and has a text; nil: none
}

// generation is a piece at the vendor.
type generation struct {
	piece  int
	over   bool            // the vendor has nothing more of it, or never had
	err    *upstream.Error // why it is over, where that is no good end
	events []event         // held
	latest wordTime        // that the sink has had
}

// event is audio or words of a piece whose turn has not come.
type event struct {
	base64 []byte
	words  []wordTime
}

const (
	// maxHeld is the most that may be held, in bytes: as base64, four minutes of audio at 24 kHz, of one piece.
	maxHeld = 16 << 20
	// eventSize and wordSize are what an event takes besides its base64, and a word besides its text.
	eventSize = 64
	wordSize  = 64
)

// size is about what an event takes while it is held.
func (e event) size() int {
	size := eventSize + len(e.base64)
	for _, w := range e.words {
		size += wordSize + len(w.text)
	}
	return size
}

// order puts a piece at the end. One without a text is not sent, and ends when its turn comes.
func (l *line) order(p upstream.Piece) {
	g := &generation{piece: p.ID, over: p.Text == ""}
	if p.Text != "" {
		l.latest = g
	}
	l.pieces = append(l.pieces, g)
	l.advance()
}

// current is the piece whose turn it is, or was last; false: the vendor has had none.
func (l *line) current() (piece int, ok bool) {
	for _, g := range l.pieces {
		if !g.over || g.err != nil {
			return g.piece, true
		}
	}
	if l.latest == nil {
		return 0, false
	}
	return l.latest.piece, true
}

// find is a piece that has not ended, and whether it is its turn; nil for any other.
func (l *line) find(piece int) (g *generation, turn bool) {
	for i, g := range l.pieces {
		if g.piece == piece && !g.over {
			return g, i == 0
		}
	}
	return nil, false
}

// unfinished are the pieces that the vendor may still be at, the last first.
func (l *line) unfinished() []int {
	var pieces []int
	for _, g := range slices.Backward(l.pieces) {
		if !g.over {
			pieces = append(pieces, g.piece)
		}
	}
	return pieces
}

// audio takes audio of a piece. It reports false where more came ahead of its turn than can be held.
func (l *line) audio(piece int, base64 []byte) bool {
	g, turn := l.find(piece)
	switch {
	case g == nil:
		return true
	case turn:
		l.sound(base64)
		return true
	}
	return l.hold(g, event{base64: bytes.Clone(base64)})
}

// words takes words of a piece. It reports false where more came ahead of its turn than can be held.
func (l *line) words(piece int, words []wordTime) bool {
	g, turn := l.find(piece)
	switch {
	case g == nil || len(words) == 0:
		return true
	case turn:
		l.tell(g, words)
		return true
	}
	return l.hold(g, event{words: words})
}

// hold keeps an event for when it is the piece's turn, if there is room for it.
func (l *line) hold(g *generation, e event) bool {
	if !l.held.Take(e.size()) {
		return false
	}
	g.events = append(g.events, e)
	return true
}

// drop forgets all that is held.
func (l *line) drop() {
	l.held.Drop()
	for _, g := range l.pieces {
		g.events = nil
	}
}

// finish takes the vendor's word that it has nothing more of a piece, because of err where that is not nil. A piece's
// error waits for its turn as its audio does: what comes before it is good.
func (l *line) finish(piece int, err *upstream.Error) {
	if g, _ := l.find(piece); g != nil {
		g.over, g.err = true, err
		l.advance()
	}
}

// advance ends pieces that are over, in turn, and lets those after them be heard. It stops at one that failed.
func (l *line) advance() {
	for len(l.pieces) > 0 && l.pieces[0].over && l.pieces[0].err == nil {
		l.clock.Fill(l.sink)
		l.sink.PieceEnd(l.pieces[0].piece)
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
	for _, g := range l.pieces {
		if g.err != nil {
			return g.err
		}
	}
	return nil
}

// release hands on what was held of a piece.
func (l *line) release(g *generation) {
	for _, e := range g.events {
		l.held.Give(e.size())
		if e.words != nil {
			l.tell(g, e.words)
		} else {
			l.sound(e.base64)
		}
	}
	g.events = nil
}

// sound hands audio on.
func (l *line) sound(base64 []byte) {
	f := upstream.Frame{Format: l.clock.Format, Base64: base64}
	l.clock.Add(f)
	l.sink.Audio(f)
}

// tell hands words on, in times from the stream's first sample. Where the vendor tells all of a piece's words each time,
// only the new ones go on.
func (l *line) tell(g *generation, words []wordTime) {
	told := make([]upstream.Word, 0, len(words))
	for _, w := range words {
		if w.start < g.latest.start || w.start == g.latest.start && w.text == g.latest.text {
			continue
		}
		g.latest = w
		start, end := l.clock.Span(l.start+w.start, l.start+w.end)
		told = append(told, upstream.Word{Text: w.text, Piece: g.piece, Start: start, End: end, Score: -1})
	}
	if len(told) > 0 {
		l.sink.Words(told)
	}
}
