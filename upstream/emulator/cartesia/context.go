package cartesia

import (
	"context"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it transcripts, and one goroutine speaks them in order.
type speechContext struct {
	// Static after contextOf.
	conn     *line
	id       string
	settings settings
	index    int // in the stats
	fault    engine.Fault
	stop     context.CancelFunc
	forget   func()        // has the connection free its id
	wake     chan struct{} // holds one token while there may be something to do

	left bool // its place is given up; guarded by the connection's mu

	mu        sync.Mutex // guards what follows
	buffer    string     // text that is gathered
	since     time.Time  // when the first of it came
	queue     []job
	times     bool
	last      bool // no more comes
	cancelled bool

	speaker // owned by the goroutine
}

// speaker is what a context's goroutine keeps from text to text.
type speaker struct {
	samples int64 // generated, at the native rate
	spoke   bool
	flushID int
	flushed bool // a flush_done has gone out
	turn    engine.Turn
	pacer   engine.Pacer
}

// job is what the speaker does next: speak a text, say that what was flushed is spoken, or both.
type job struct {
	text  string
	times bool // it is asked for word times
	flush bool
}

// newSpeechContext is a context of its first request's settings, with nothing to speak yet. Flush ids begin with 1 (API
// reference).
func newSpeechContext(c *line, id string, s settings) *speechContext {
	k := &speechContext{
		conn: c, id: id, settings: s, index: c.server.Begin(id), fault: c.server.CurrentFault(), wake: make(chan struct{}, 1),
	}
	k.pacer = engine.Pacer{Pace: c.server.Options().Pace}
	if k.fault.Kind == engine.Slow {
		k.pacer.Pace = 0.5
	}
	k.flushID = 1
	return k
}

// take takes a request of the context, or says what is wrong with it.
// Every request repeats all fields, and only transcript, continue and flush may vary within a context (API reference); what
// becomes of one that varies more is not said. An empty transcript with continue false ends a context: LiveKit sends a space,
// Pipecat nothing. With a delay of 0 each transcript is spoken as it comes: LiveKit and Pipecat send whole sentences so.
func (k *speechContext) take(m message, s settings) *failure {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.last || k.cancelled:
		return nil // it comes to a context that is ending
	case k.conn.quirks.strictSettings && s.fixed() != k.settings.fixed():
		return invalid("Only transcript, continue and flush may vary within a context")
	case len(k.queue) >= maxWaiting:
		return invalid("Too much text is waiting")
	}
	k.times = s.times
	k.appendLocked(*m.Transcript)
	k.last = !m.Continue
	at := s.delay == 0
	if at || m.Flush || k.last {
		flush := m.Flush || at && !k.last && k.conn.quirks.flushEach
		k.queue = append(k.queue, job{text: k.buffer, times: k.times, flush: flush})
		k.buffer = ""
	}
	return nil
}

// appendLocked gathers text. Transcripts are joined as they stand.
// Clients have to send the space between.
func (k *speechContext) appendLocked(text string) {
	if text == "" {
		return
	}
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
	if k.buffer == "" {
		k.since = time.Now()
	}
	k.buffer += text
	end := engine.EndOfLast(k.buffer, func(r rune) bool { return strings.ContainsRune(".!?。！？", r) })
	if !k.conn.quirks.splits || end == 0 || end == len(k.buffer) {
		return // a sign at the very end may go on: 3.14
	}
	k.queue = append(k.queue, job{text: k.buffer[:end], times: k.times})
	k.buffer = k.buffer[end:]
}

// cancel stops the context. Nothing more comes of it, not even its end: the vendor's own SDK takes a done for that of
// whichever context it listens to.
func (k *speechContext) cancel() {
	k.mu.Lock()
	k.cancelled, k.last = true, true
	k.buffer, k.queue = "", nil
	k.mu.Unlock()
	k.stop()
	k.poke()
}

func (k *speechContext) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *speechContext) isCancelled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cancelled
}

func (k *speechContext) done() {
	k.conn.send(engine.Object{"type": "done", "context_id": k.id, "done": true, "status_code": 200})
}
