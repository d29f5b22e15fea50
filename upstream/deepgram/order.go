package deepgram

import (
	"time"

	"voicerelay/upstream"
)

// The vendor's bound on Flushes. The second beyond a minute is for frames that reach the vendor closer together than
// they were sent.
const (
	maxFlushes  = 20
	flushWindow = time.Minute + time.Second
	// freeFlushes may go out as fast as pieces come. Those behind them keep a pause, so that none has to wait for a
	// window's end: there is speech enough before them to bridge it.
	freeFlushes = 8
	flushPause  = flushWindow / (maxFlushes - freeFlushes)
)

// orders are a stream's pieces and the Flushes that have them spoken.
type orders struct {
	pieces  []int       // ordered and not ended; those without a text too
	flushes []int       // Flushes that are not answered: the last piece before each
	sent    []time.Time // of Flushes within the latest window, oldest first
	owed    bool        // a piece has been sent whose Flush waits
	spoken  bool        // the vendor has had a text
}

// add notes a piece, and returns what is to be sent for it.
func (o *orders) add(p upstream.Piece, now time.Time) (frames [][]byte) {
	o.pieces = append(o.pieces, p.ID)
	if p.Text != "" {
		frames = append(frames, message{Type: typeSpeak, Text: p.Text}.encode())
		o.owed, o.spoken = true, true
	}
	if f := o.flush(now, p.Last); f != nil {
		frames = append(frames, f)
	}
	return frames
}

// flush is a Flush where one is owed and the vendor takes it; else nil. last is whether no more pieces come.
func (o *orders) flush(now time.Time, last bool) []byte {
	for len(o.sent) > 0 && now.Sub(o.sent[0]) >= flushWindow {
		o.sent = o.sent[1:]
	}
	if !o.owed || !o.mayFlush(now, last) {
		return nil
	}
	o.owed = false
	o.sent = append(o.sent, now)
	o.flushes = append(o.flushes, o.pieces[len(o.pieces)-1])
	return message{Type: typeFlush}.encode()
}

// mayFlush reports whether a Flush may go out. One of those that the vendor takes is kept for a stream's last piece.
func (o *orders) mayFlush(now time.Time, last bool) bool {
	n := len(o.sent)
	switch {
	case last:
		return n < maxFlushes
	case n < freeFlushes:
		return true
	}
	return n < maxFlushes-1 && now.Sub(o.sent[n-1]) >= flushPause
}

// flushed takes the answer to the oldest Flush, and returns the pieces that it ends.
func (o *orders) flushed() (ended []int) {
	if len(o.flushes) == 0 {
		return nil // of none of ours
	}
	n := 0
	for n < len(o.pieces) && o.pieces[n] <= o.flushes[0] {
		n++
	}
	ended, o.pieces, o.flushes = o.pieces[:n:n], o.pieces[n:], o.flushes[1:]
	return append(ended, o.silent()...)
}

// silent returns the pieces behind all texts, which have none: the vendor owes nothing that would end them.
func (o *orders) silent() (ended []int) {
	if len(o.flushes) == 0 && !o.owed {
		ended, o.pieces = o.pieces, nil
	}
	return ended
}
