package main

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

// ordersAhead bounds what a context may have to do; clients have two pieces and an end under way.
const ordersAhead = 64

// framesFor is how many frames the vendor makes of that many characters: it speaks 15 in a second, as people do.
func framesFor(characters int) int { return max(1, characters*2/3) }

// charactersFor is a length of text that lasts at least so long.
func charactersFor(speech time.Duration) int { return int(speech/frameEvery)*3/2 + 2 }

// order is a text to speak, an end, or both.
type order struct {
	text string
	end  bool
	at   time.Duration
}

// vendorContext is one stream of speech.
type vendorContext struct {
	// Static.
	line   *vendorLine
	id     string // as JSON
	orders chan order
	life   context.Context // until it is over, or is told to stop
	end    context.CancelFunc

	// Owned by the socket's reader.
	text strings.Builder

	cancelled atomic.Int64 // when the client stopped it, on the run's clock; 0: it did not

	// Owned by the speaker.
	frame      *audioFrame
	record     *utterance // nil until something is spoken
	due        time.Duration
	characters int
	chunk      int
}

// append takes text that is not to be spoken yet.
func (c *vendorContext) append(text string) { c.text.WriteString(text) }

// order has the speaker speak what has been gathered. A client with too many orders waits on its socket.
func (c *vendorContext) order(end bool) {
	o := order{text: strings.TrimSpace(c.text.String()), end: end, at: c.line.clock.now()}
	c.text.Reset()
	select {
	case c.orders <- o:
	case <-c.life.Done():
	}
}

// stop breaks off. Called by the socket's reader, once.
func (c *vendorContext) stop(at time.Duration) {
	c.cancelled.Store(int64(at))
	c.end()
}

// run speaks what is ordered until the end, a stop, or the socket's end.
func (c *vendorContext) run() {
	defer func() {
		c.end()
		if c.record != nil {
			c.record.cancelled = time.Duration(c.cancelled.Load())
			close(c.record.over)
		}
	}()
	for {
		select {
		case <-c.life.Done():
			c.closed()
			return
		case o := <-c.orders:
			if o.text != "" && !c.speak(o) {
				c.closed()
				return
			}
			if o.end {
				c.line.write(`{"final":true,"context_id":%s}`, c.id)
				c.closed()
				return
			}
		}
	}
}

// speak sends a piece's audio at the vendor's pace. It reports false where it was broken off.
func (c *vendorContext) speak(o order) bool {
	c.open(o)
	characters := utf8.RuneCountInString(o.text)
	c.characters += characters
	c.line.write(`{"generation_started":true,"context_id":%s,"chunk_id":%d,"text":%s}`, c.id, c.chunk, quote(o.text))
	frames := framesFor(characters)
	if !c.sendAll(frames) {
		return false
	}
	seconds := float64(frames) * frameEvery.Seconds()
	c.line.write(`{"chunk_complete":true,"context_id":%s,"chunk_id":%d,"audio_seconds":%.1f,"gen_ms":1}`, c.id, c.chunk, seconds)
	c.line.write(`{"final":true,"context_id":%s}`, c.id)
	c.chunk++
	return true
}

// sendAll sends so many frames, each when it is due. It reports false where it was broken off.
func (c *vendorContext) sendAll(frames int) bool {
	if c.line.every == 0 {
		for i := 0; i < frames && c.life.Err() == nil; i++ {
			c.send()
		}
		return c.life.Err() == nil
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for range frames {
		timer.Reset(c.due - c.line.clock.now())
		select {
		case <-timer.C:
		case <-c.life.Done():
			return false
		}
		c.send()
		c.due += c.line.every
	}
	return true
}

// open sets when the piece's first frame is due: at the last piece's end, or at once where that has passed.
func (c *vendorContext) open(o order) {
	if c.record == nil {
		c.record = c.line.spoken.begin(numberIn(o.text))
	}
	c.due = max(c.due, o.at)
}

// send sends a frame, and notes how late it is. Where nothing is ever due, none is.
func (c *vendorContext) send() {
	now := c.line.clock.now()
	c.line.writeFrame(c.frame.stamp(mark{index: uint32(c.record.frames), sent: now}, c.chunk))
	c.record.frames++
	if c.line.every > 0 {
		c.record.late = append(c.record.late, now-c.due)
	}
}

// closed says that the context is over, and what it cost.
func (c *vendorContext) closed() {
	if c.record == nil {
		c.line.write(`{"context_closed":true,"context_id":%s}`, c.id)
		return
	}
	seconds := float64(c.record.frames) * frameEvery.Seconds()
	c.line.write(`{"context_closed":true,"context_id":%s,"usage":{"audio_seconds":%.1f,"characters":%d,"cost_cents":%.3f,"currency":"eur","model_id":"kugel-3"}}`,
		c.id, seconds, c.characters, seconds*0.09)
}

// numberIn is the number in a text; -1: none.
func numberIn(text string) int {
	start := strings.IndexFunc(text, unicode.IsDigit)
	if start < 0 {
		return -1
	}
	number := 0
	for _, r := range text[start:] {
		if r < '0' || r > '9' || number > 1e9 {
			break
		}
		number = number*10 + int(r-'0')
	}
	return number
}
