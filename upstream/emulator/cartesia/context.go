package cartesia

import (
	"context"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// cartesiaContext is one context. The connection's reader gives it transcripts, and one goroutine speaks them in order.
type cartesiaContext struct {
	// Static after contextOf.
	conn     *cartesiaConn
	id       string
	settings cartesiaSettings
	index    int // in the stats
	fault    engine.Fault
	stop     context.CancelFunc
	wake     chan struct{} // holds one token while there may be something to do

	left bool // its place is given up; guarded by the connection's mu

	mu        sync.Mutex // guards what follows
	buffer    string     // text that is gathered
	since     time.Time  // when the first of it came
	queue     []cartesiaItem
	times     bool
	last      bool // no more comes
	cancelled bool

	cartesiaSpeaker // owned by the goroutine
}

// cartesiaItem is what the speaker does next: speak a text, say that what was flushed is spoken, or both.
type cartesiaItem struct {
	text  string
	times bool // it is asked for word times
	flush bool
}

func newCartesiaContext(c *cartesiaConn, id string, s cartesiaSettings) *cartesiaContext {
	k := &cartesiaContext{
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
func (k *cartesiaContext) take(m cartesiaMessage, s cartesiaSettings) *cartesiaError {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.last || k.cancelled:
		return nil // it comes to a context that is ending
	case k.conn.quirks.strictSettings && s.fixed() != k.settings.fixed():
		return cartesiaInvalid("Only transcript, continue and flush may vary within a context")
	case len(k.queue) >= cartesiaMaxWaiting:
		return cartesiaInvalid("Too much text is waiting")
	}
	k.times = s.times
	k.appendLocked(*m.Transcript)
	k.last = !m.Continue
	at := s.delay == 0
	if at || m.Flush || k.last {
		flush := m.Flush || at && !k.last && k.conn.quirks.flushEach
		k.queue = append(k.queue, cartesiaItem{text: k.buffer, times: k.times, flush: flush})
		k.buffer = ""
	}
	return nil
}

// appendLocked gathers text. Transcripts are joined as they stand.
func (k *cartesiaContext) appendLocked(text string) {
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
	k.queue = append(k.queue, cartesiaItem{text: k.buffer[:end], times: k.times})
	k.buffer = k.buffer[end:]
}

// cancel stops the context. Nothing more comes of it, not even its end: the vendor's own SDK takes a done for that of
// whichever context it listens to.
func (k *cartesiaContext) cancel() {
	k.mu.Lock()
	k.cancelled, k.last = true, true
	k.buffer, k.queue = "", nil
	k.mu.Unlock()
	k.stop()
	k.poke()
}

func (k *cartesiaContext) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run speaks until all is spoken, or the context has expired, been cancelled or broken off.
func (k *cartesiaContext) run(ctx context.Context) {
	defer k.stop()
	defer k.leave()
	for {
		item, what := k.next(ctx)
		switch what {
		case cartesiaOver:
			k.leave() // whoever hears of the end may use the id again
			k.end(ctx)
			return
		case cartesiaExpired:
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
func (k *cartesiaContext) leave() {
	k.conn.forget(k)
	k.conn.server.Finish(k.index)
}

// cartesiaNext is what a context's goroutine does next.
type cartesiaNext int

const (
	cartesiaSpeak   cartesiaNext = iota
	cartesiaOver                 // all is spoken, or it was cancelled
	cartesiaExpired              // nothing came in time
	cartesiaWait                 // nothing, for now
)

// next waits for something to do.
func (k *cartesiaContext) next(ctx context.Context) (cartesiaItem, cartesiaNext) {
	expires := time.Now().Add(cartesiaExpiry)
	for {
		item, what, gathered := k.ready(ctx)
		switch {
		case what != cartesiaWait:
			return item, what
		case gathered == 0 && !k.spoke:
			gathered = cartesiaIdle // it expires after its audio, and there was none
		case gathered == 0:
			if gathered = time.Until(expires); gathered <= 0 {
				return item, cartesiaExpired
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
func (k *cartesiaContext) ready(ctx context.Context) (item cartesiaItem, what cartesiaNext, gathered time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	gathered = time.Until(k.since.Add(k.settings.delay))
	switch {
	case ctx.Err() != nil || k.cancelled:
		return item, cartesiaOver, 0
	case len(k.queue) > 0:
		item, k.queue = k.queue[0], k.queue[1:]
		return item, cartesiaSpeak, 0
	case k.last:
		return item, cartesiaOver, 0
	case k.buffer != "" && gathered <= 0:
		item, k.buffer = cartesiaItem{text: k.buffer, times: k.times}, ""
		return item, cartesiaSpeak, 0
	case k.buffer == "":
		gathered = 0
	}
	return item, cartesiaWait, gathered
}

func (k *cartesiaContext) isCancelled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cancelled
}

// end says that the context is over.
func (k *cartesiaContext) end(ctx context.Context) {
	if !k.isCancelled() && ctx.Err() == nil {
		k.done()
	}
}

func (k *cartesiaContext) done() {
	k.conn.send(engine.Object{"type": "done", "context_id": k.id, "done": true, "status_code": 200})
}
