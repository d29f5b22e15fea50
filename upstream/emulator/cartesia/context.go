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
	conn     *connection
	id       string
	settings settings
	index    int // in the stats
	fault    engine.Fault
	stop     context.CancelFunc
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

// job is what the speaker does next: speak a text, say that what was flushed is spoken, or both.
type job struct {
	text  string
	times bool // it is asked for word times
	flush bool
}

// newSpeechContext is a context of its first request's settings, with nothing to speak yet. Flush ids begin with 1 (API
// reference).
func newSpeechContext(c *connection, id string, s settings) *speechContext {
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

// run speaks until all is spoken, or the context has expired, been cancelled or broken off.
func (k *speechContext) run(ctx context.Context) {
	defer k.stop()
	defer k.leave()
	for {
		item, what := k.next(ctx)
		switch what {
		case nextOver:
			k.leave() // a client that hears of the end may use the id again
			k.end(ctx)
			return
		case nextExpired:
			k.leave()
			if k.conn.quirks.expiryDone {
				k.done()
			}
			return
		}
		if !k.say(ctx, item) && !k.isCancelled() {
			return
		}
	}
}

// leave gives the context's place and id up.
func (k *speechContext) leave() {
	k.conn.forget(k)
	k.conn.server.Finish(k.index)
}

// next is what a context's goroutine does next.
type next int

const (
	nextSpeak   next = iota
	nextOver         // all is spoken, or it was cancelled
	nextExpired      // nothing came in time
	nextWait         // nothing, for now
)

// next waits for something to do.
// A context expires 1 s after its last audio (Cartesia's docs), whether or not the client has ended its text. Pauses of an LLM
// are often longer.
func (k *speechContext) next(ctx context.Context) (job, next) {
	expires := time.Now().Add(expiry)
	for {
		item, what, gathered := k.ready(ctx)
		switch {
		case what != nextWait:
			return item, what
		case gathered == 0 && !k.spoke:
			gathered = idleTimeout // it expires after its audio, and there was none
		case gathered == 0:
			if gathered = time.Until(expires); gathered <= 0 {
				return item, nextExpired
			}
		}
		timer := time.NewTimer(gathered)
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// ready is what can be done now. Where nothing can, gathered is for how long text is gathered yet; 0: there is none.
func (k *speechContext) ready(ctx context.Context) (item job, what next, gathered time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	gathered = time.Until(k.since.Add(k.settings.delay))
	switch {
	case ctx.Err() != nil || k.cancelled:
		return item, nextOver, 0
	case len(k.queue) > 0:
		item, k.queue = k.queue[0], k.queue[1:]
		return item, nextSpeak, 0
	case k.last:
		return item, nextOver, 0
	case k.buffer != "" && gathered <= 0:
		item, k.buffer = job{text: k.buffer, times: k.times}, ""
		return item, nextSpeak, 0
	case k.buffer == "":
		gathered = 0
	}
	return item, nextWait, gathered
}

func (k *speechContext) isCancelled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cancelled
}

// end says that the context is over.
// A done before the client has ended its text would be taken for the whole: LiveKit's plugin waits for another one after it.
func (k *speechContext) end(ctx context.Context) {
	if !k.isCancelled() && ctx.Err() == nil {
		k.done()
	}
}

func (k *speechContext) done() {
	k.conn.send(engine.Object{"type": "done", "context_id": k.id, "done": true, "status_code": 200})
}
