package deepgram

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// flux is the family of /v2/speak. Its models are flux-{voice}-{language}, one of which must be named; the bounds of speed
// are those of the SDKs.
func flux() family {
	return family{
		prefix: "flux-", linear: []int{8000, 16000, 24000, 32000, 44100, 48000}, compand: []int{8000, 16000},
		slowest: 0.5, fastest: 1.5,
	}
}

// fluxConnection is one connection of Flux. Its reader takes messages, and one goroutine does what they order.
type fluxConnection struct {
	*line
	wake chan struct{} // holds one token while there may be something to do

	// Owned by the reader.
	offset float64 // of the latest Interrupt that has one, in milliseconds

	mu    sync.Mutex // guards what follows
	queue []fluxJob
	open  []*speech // those that have begun and not ended, in their order
	speed float64
	halt  context.CancelFunc // stops what is being spoken; nil: nothing is

	// Owned by the speaker.
	spoken *speech // the latest
	length int64   // samples of the session, at the native rate
	total  counts
}

// speech is what is said up to a Flush.
type speech struct {
	*turn
	id string

	// Guarded by the connection's mu.
	text, buffer string // all of it so far, and what no order to speak has come for
	closed       bool   // it has its Flush
	interrupted  bool

	// Owned by the speaker.
	announced bool
	begun     bool
	start     int64 // samples of the session before it
	billed    int   // characters
}

// counts are what is told of a speech, or of a session.
type counts struct {
	samples       int64
	input, billed int // characters
}

// fluxJob is what the speaker does next: speak a text, and then answer.
type fluxJob struct {
	speech *speech // nil: of the session
	text   string
	then   fluxThen
	offset float64 // of an Interrupt, in milliseconds of the session; negative: it has none
}

// fluxThen is what follows a text.
type fluxThen int

const (
	thenMore fluxThen = iota
	thenEnd
	thenInterrupted
	thenOver
)

// newFluxConnection is a connection whose speeches are each announced before their first audio.
func newFluxConnection(l *line) *fluxConnection {
	c := &fluxConnection{line: l, wake: make(chan struct{}, 1), offset: -1, speed: l.settings.speed}
	l.announce = func(t *turn) {
		if t == nil || c.spoken.announced {
			return
		}
		c.spoken.announced = true
		c.send(engine.Object{"type": "SpeechStarted", "speech_id": c.spoken.id})
	}
	return c
}

// currentLocked is the speech that text goes into. One begins where there is none.
func (c *fluxConnection) currentLocked() *speech {
	if n := len(c.open); n > 0 && !c.open[n-1].closed {
		return c.open[n-1]
	}
	s := &speech{id: fmt.Sprintf("dg_sp_%d", c.speeches.Add(1)), turn: &turn{fault: c.server.CurrentFault()}}
	s.index = c.server.Begin(s.id)
	c.open = append(c.open, s)
	return s
}

// append takes a text.
// Texts are joined as they stand. Whether a whole sentence is spoken before a Flush is not documented.
func (c *fluxConnection) append(text *string) (wrong closeReason, ok bool) {
	switch {
	case text == nil:
		return badData(), false
	case c.quirks.maxText > 0 && utf8.RuneCountInString(*text) > c.quirks.maxText:
		return tooBig(), false
	}
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue)+len(c.open) >= maxWaiting {
		return tooBig(), false
	}
	s := c.currentLocked()
	c.server.Stream(s.index, func(st *engine.Stream) { st.Texts = append(st.Texts, *text) })
	s.text += *text
	s.buffer += *text
	end := strings.LastIndexAny(s.buffer, ".!?") + 1
	if c.quirks.unasked && end > 0 && end < len(s.buffer) { // a sign at the very end may go on: 3.14
		c.queue = append(c.queue, fluxJob{speech: s, text: s.buffer[:end]})
		s.buffer = s.buffer[end:]
	}
	return wrong, true
}

// flush has all that is buffered spoken, and ends the speech.
// Flushed acknowledges it, at no time that is documented: the speech ends with SpeechMetadata. That a Flush without a speech is
// one of no text is the SDKs' reading; it may be a warning alone.
func (c *fluxConnection) flush() {
	c.mu.Lock()
	none := len(c.open) == 0 || c.open[len(c.open)-1].closed
	if none && !c.quirks.emptyFlush || len(c.queue)+len(c.open) >= maxWaiting {
		c.mu.Unlock()
		c.warn("NO_ACTIVE_SPEECH", "There is nothing to flush")
		return
	}
	s := c.currentLocked()
	c.mu.Unlock()
	c.server.Stream(s.index, func(st *engine.Stream) { st.Flushes++ })
	if c.quirks.flushedAt == "once" {
		c.sendFlushed(s)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(s)
}

// endLocked has a speech spoken to its end.
func (c *fluxConnection) endLocked(s *speech) {
	s.closed = true
	c.queue = append(c.queue, fluxJob{speech: s, text: s.buffer, then: thenEnd})
	s.buffer = ""
	c.poke()
}

// leave has the rest spoken, and the session ended after that.
func (c *fluxConnection) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.open); n > 0 && !c.open[n-1].closed {
		c.endLocked(c.open[n-1])
	}
	c.queue = append(c.queue, fluxJob{then: thenOver})
	c.poke()
}

// interrupt stops what is spoken, and drops what would follow. SpeechInterrupted is the answer, instead of SpeechMetadata.
// The offset counts from the session's first audio, and rises from one to the next. What becomes of speeches that wait is not
// said: they are dropped without a word. So is what a wrong offset does beyond its Warning: nothing is stopped.
func (c *fluxConnection) interrupt(o *playbackOffset) {
	offset := -1.0
	if o != nil {
		if o.Type != "time_ms" || o.Value <= c.offset {
			c.warn("INVALID_INTERRUPT_OFFSET", "The offset must be a time_ms that is later than the one before")
			return
		}
		offset, c.offset = o.Value, o.Value
	}
	if !c.stop(offset) {
		c.warn("NO_ACTIVE_SPEECH", "There is nothing to interrupt")
	}
}

// stop stops all speeches, and reports false where there is none.
func (c *fluxConnection) stop(offset float64) bool {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.request, At: time.Now()}) })
	c.mu.Lock()
	defer c.mu.Unlock()
	first := slices.IndexFunc(c.open, func(s *speech) bool { return !s.interrupted })
	if first < 0 {
		return false
	}
	for _, s := range c.open[first+1:] {
		c.finishLocked(s)
	}
	s := c.open[first]
	s.closed, s.interrupted = true, true
	c.open = c.open[:first+1]
	c.queue = slices.DeleteFunc(c.queue, func(j fluxJob) bool { return j.then != thenInterrupted && j.then != thenOver })
	at := slices.IndexFunc(c.queue, func(j fluxJob) bool { return j.then == thenOver })
	if at < 0 {
		at = len(c.queue)
	}
	c.queue = slices.Insert(c.queue, at, fluxJob{speech: s, then: thenInterrupted, offset: offset})
	if c.halt != nil {
		c.halt()
	}
	c.poke()
	return true
}

// configure changes the speed of what is spoken from now on. It goes in steps of 0.05.
func (c *fluxConnection) configure(speed *float64) {
	f := flux()
	if speed == nil || *speed < f.slowest || *speed > f.fastest || math.Abs(*speed*20-math.Round(*speed*20)) > 1e-6 {
		c.send(engine.Object{
			"type": "ConfigureFailure", "code": "SPEED_OUT_OF_RANGE", "field": "speed", "value": speed,
			"description": "Speed must be between 0.5 and 1.5, in steps of 0.05",
		})
		return
	}
	c.mu.Lock()
	c.speed = *speed
	c.mu.Unlock()
	c.send(engine.Object{"type": "ConfigureSuccess", "applied": engine.Object{"speed": *speed}})
}

// finishLocked ends a speech in the stats.
func (c *fluxConnection) finishLocked(s *speech) {
	if !s.over {
		s.over = true
		c.server.Finish(s.index)
	}
}

// drop forgets all that is not spoken. The speaker is over.
func (c *fluxConnection) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.open {
		c.finishLocked(s)
	}
	c.open, c.queue = nil, nil
}

func (c *fluxConnection) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *fluxConnection) sendFlushed(s *speech) {
	c.send(engine.Object{"type": "Flushed", "speech_id": s.id})
}

func (c *fluxConnection) warn(code, text string) {
	c.send(engine.Object{"type": "Warning", "code": code, "description": text})
}

// playbackOffset is how much of a session's audio has been played.
type playbackOffset struct {
	Type  string  `json:"type"`  // time_ms
	Value float64 `json:"value"` // milliseconds
}
