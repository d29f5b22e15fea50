package assemblyai

import (
	"time"
	"unicode/utf8"

	"voicerelay/upstream"
)

// request is a Generate with its Flush: a piece, or a part of one that is too long for a Generate.
type request struct {
	piece int
	first bool   // of its piece
	last  bool   // of its piece
	text  string // not sent yet; empty: it has been, or there is none

	characters int
	number     int64         // among the stream's, once it has been sent
	begun      bool          // audio has come
	start      time.Duration // its first sample in the stream
	told       bool          // its words are here, or none are to come
}

const (
	// mostUnspoken is how many characters the vendor may have that it has not spoken: more end the session (AssemblyAI
	// documentation, limits).
	mostUnspoken = 8000
	// keptRequests is how many requests back words may come. They come at most one request late.
	keptRequests = 8
)

// line has a stream's requests in their order.
type line struct {
	queue    []*request // ordered and not over
	sent     int        // of them
	unspoken int        // characters of those
	past     []*request // the latest that were sent and are over

	numbers int64 // of requests sent so far
	base    int64 // the vendor's number of the first; valid once known
	known   bool
}

// order puts a piece at the end.
func (l *line) order(p upstream.Piece) {
	texts := upstream.Parts(breakRuns(p.Text), longestText)
	for i, text := range texts {
		l.queue = append(l.queue, &request{
			piece: p.ID, first: i == 0, last: i == len(texts)-1, text: text, characters: utf8.RuneCountInString(text),
		})
	}
}

// due are the messages of the requests that may be sent now, which they are then taken to be. One without a text needs none.
func (l *line) due() (frames [][]byte) {
	for l.sent < len(l.queue) {
		r := l.queue[l.sent]
		if l.unspoken > 0 && l.unspoken+r.characters > mostUnspoken {
			break
		}
		if r.text != "" {
			frames = append(frames, message{Type: typeGenerate, Text: r.text}.encode(), message{Type: typeFlush}.encode())
			r.text, r.number = "", l.numbers
			l.numbers++
			l.unspoken += r.characters
		}
		l.sent++
	}
	return frames
}

// withheld is how many of the last pieces the vendor has heard nothing of.
func (l *line) withheld() int {
	n := 0
	for _, r := range l.queue[l.sent:] {
		if r.first {
			n++
		}
	}
	return n
}

// busy reports whether the vendor has something to speak.
func (l *line) busy() bool { return l.unspoken > 0 }

// turn is how a request stands that the vendor names.
type turn int

const (
	now   turn = iota // it is being spoken
	past              // it is over
	never             // it is none of this stream's, or comes out of its turn
)

// learn takes the number in audio or an end, the first of which is of the stream's first request.
func (l *line) learn(id int64) {
	if !l.known && l.busy() {
		l.base, l.known = id, true
	}
}

// find is the request that the vendor calls by a number.
func (l *line) find(id int64) (*request, turn) {
	if !l.known {
		return nil, past // of a stream before this one
	}
	number := id - l.base
	for _, r := range l.past {
		if r.number == number {
			return r, past
		}
	}
	if l.busy() && l.queue[0].number == number {
		return l.queue[0], now
	}
	if number < l.numbers && (!l.busy() || number < l.queue[0].number) {
		return nil, past
	}
	return nil, never
}

// finish ends the request that is being spoken. It returns the last piece that ends with it, with those after it that have no
// text; false where none does.
func (l *line) finish() (piece int, ends bool) {
	r := l.queue[0]
	l.unspoken -= r.characters
	if l.past = append(l.past, r); len(l.past) > keptRequests {
		l.past = l.past[1:]
	}
	l.queue, l.sent = l.queue[1:], l.sent-1
	silent, found := l.silent()
	switch {
	case found:
		return silent, true
	case r.last:
		return r.piece, true
	}
	return 0, false
}

// silent ends the pieces at the front that have no text, and returns the last of them; false where there is none.
func (l *line) silent() (piece int, ends bool) {
	for l.sent > 0 && l.queue[0].characters == 0 {
		piece, ends = l.queue[0].piece, true
		l.queue, l.sent = l.queue[1:], l.sent-1
	}
	return piece, ends
}

// wordsDue reports whether the words of the last request that is over may still come.
func (l *line) wordsDue() bool {
	n := len(l.past)
	return n > 0 && !l.past[n-1].told
}
