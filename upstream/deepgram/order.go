package deepgram

import (
	"time"

	"voicerelay/upstream"
)

// The vendor's bound on Flushes: 20 in 60 seconds, the rest is ignored with a Warning (Deepgram documentation, Flush). The
// second beyond a minute is for frames that reach the vendor closer together than they were sent.
const (
	maxFlushes  = 20
	flushWindow = time.Minute + time.Second
	// freeFlushes may go out as fast as pieces come. Each further one keeps a pause, which is longer the more of them
	// are in the window: first so short that the speech before it bridges it, at last so long that none has to wait for
	// the window's end.
	freeFlushes  = 8
	pauseStep    = 1200 * time.Millisecond
	longestPause = flushWindow / 10
)

// orders are a stream's pieces and the Flushes that have them spoken.
type orders struct {
	pieces  []int       // ordered and not ended; those without a text too
	flushes []int       // Flushes that are not answered: the last piece before each
	sent    []time.Time // of Flushes within the latest window, oldest first
	covered int         // pieces that stood before the latest Flush
	waiting bool        // a text has been sent whose Flush waits
	spoken  bool        // the vendor has had a text
}

// add notes a piece, and returns what is to be sent for it.
func (o *orders) add(p upstream.Piece, now time.Time) (frames [][]byte) {
	o.pieces = append(o.pieces, p.ID)
	if p.Text != "" {
		frames = append(frames, message{Type: typeSpeak, Text: p.Text}.encode())
		o.waiting, o.spoken = true, true
	}
	if f := o.flush(now, p.Last); f != nil {
		frames = append(frames, f)
	}
	return frames
}

// flush is a Flush where one waits and the vendor takes it; else nil. last is whether no more pieces come.
func (o *orders) flush(now time.Time, last bool) []byte {
	if !o.waiting || now.Before(o.due(now, last)) {
		return nil
	}
	o.waiting = false
	o.sent = append(o.sent, now)
	latest := o.pieces[len(o.pieces)-1]
	o.flushes = append(o.flushes, latest)
	o.covered = latest + 1
	return message{Type: typeFlush}.encode()
}

// due is when another Flush may go out, or when to look again. One of those that the vendor takes is kept for a stream's
// last piece.
func (o *orders) due(now time.Time, last bool) time.Time {
	for len(o.sent) > 0 && now.Sub(o.sent[0]) >= flushWindow {
		o.sent = o.sent[1:]
	}
	most := maxFlushes - 1
	if last {
		most = maxFlushes
	}
	n := len(o.sent)
	switch {
	case n >= most:
		return o.sent[0].Add(flushWindow)
	case last || n < freeFlushes:
		return now
	}
	pause := min(pauseStep*time.Duration(n-freeFlushes+1), longestPause)
	return o.sent[n-1].Add(pause)
}

// owed reports whether the vendor has had a text of whose end it has not told.
func (o *orders) owed() bool { return o.waiting || len(o.flushes) > 0 }

// withheld is how many pieces wait for a Flush.
func (o *orders) withheld() int {
	if !o.waiting {
		return 0
	}
	n := 0
	for _, piece := range o.pieces {
		if piece >= o.covered {
			n++
		}
	}
	return n
}

// flushed takes the end of what the oldest Flush had spoken, and returns the pieces that it ends. The vendor names no Flush of ours (its
// sequence_id and speech_id are its own), so ends are told by their order alone.
func (o *orders) flushed() (ended []int) {
	if len(o.flushes) == 0 {
		return nil // it answers no Flush of ours
	}
	n := 0
	for n < len(o.pieces) && o.pieces[n] <= o.flushes[0] {
		n++
	}
	ended, o.pieces, o.flushes = o.pieces[:n:n], o.pieces[n:], o.flushes[1:]
	return append(ended, o.silent()...)
}

// silent returns the pieces after the last text, which have none: the vendor owes nothing that would end them.
func (o *orders) silent() (ended []int) {
	if len(o.flushes) == 0 && !o.waiting {
		ended, o.pieces = o.pieces, nil
	}
	return ended
}
