package inworld

import (
	"context"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it text, and one goroutine does its jobs in order.
type speechContext struct {
	// Static after create.
	conn  *line
	id    string
	index int // in the stats
	fault engine.Fault
	stop  context.CancelFunc
	leave func()        // has the connection free its place and id
	wake  chan struct{} // holds one token while there may be something to do

	mu       sync.Mutex // guards what follows
	settings settings   // of text that comes
	buffer   string     // text that no generation has
	since    time.Time  // when the first of it came
	jobs     []job
	waiting  int // characters of jobs
	phase    phase

	speaker // owned by the goroutine
}

// phase is how far a context has come.
type phase int

const (
	phaseOpen      phase = iota
	phaseClosing         // what it has is spoken yet
	phaseCancelled       // nothing more is spoken
)

// job is what the goroutine does next: a generation, perhaps of nothing, and what is told after it.
type job struct {
	text     string
	settings settings
	marks    bool // flushCompleted
	then     string
}

// speaker is what a context's goroutine keeps from generation to generation.
type speaker struct {
	samples    int64 // generated, at the native rate
	characters int   // spoken
	counted    int   // of them, told by the chunks of the generation under way
	spoke      bool
	dead       bool   // it has met its fault
	rest       []byte // audio that is under way
	turn       engine.Turn
	pacer      engine.Pacer
}

func newSpeechContext(c *line, id string, s settings) *speechContext {
	k := &speechContext{conn: c, id: id, settings: s, index: c.server.Begin(id), fault: c.server.CurrentFault(), wake: make(chan struct{}, 1)}
	k.pacer = engine.Pacer{Pace: c.server.Options().Pace}
	if k.fault.Kind == engine.Slow {
		k.pacer.Pace = 0.5
	}
	return k
}

// append adds a text, and has spoken what is due of it. An empty one keeps the socket open.
func (k *speechContext) append(m sendText) {
	if characters(m.Text) > maxText {
		k.conn.failContext(k.id, *invalid("text has more than 1000 characters"))
		return
	}
	k.mu.Lock()
	if k.waiting+characters(k.buffer) > maxWaiting {
		k.mu.Unlock()
		k.conn.failContext(k.id, failure{resourceExhausted, "Too much text is waiting"})
		return
	}
	k.addLocked(m.Text)
	k.mu.Unlock()
	if m.FlushContext != nil {
		k.flush()
	}
	k.poke()
}

// addLocked adds a text to the buffer. Texts are joined as they stand.
func (k *speechContext) addLocked(text string) {
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		if text == "" {
			s.KeepAlives++
			return
		}
		s.Texts = append(s.Texts, text)
	})
	if k.phase != phaseOpen || text == "" {
		return
	}
	if k.buffer == "" {
		k.since = time.Now()
	}
	k.buffer += text
	switch {
	case k.settings.auto && k.settings.autoUnit == "CLIENT_SEGMENTED":
		k.speakLocked(k.buffer, true)
		k.buffer = ""
	case k.settings.auto:
		for {
			sentence, rest := engine.FirstSentence(k.buffer)
			if sentence == "" {
				break
			}
			k.speakLocked(sentence, true)
			k.buffer = rest
		}
	}
	if n := characters(k.buffer); n >= k.settings.threshold || n > maxBuffered {
		k.speakLocked(k.buffer, true)
		k.buffer = ""
	}
}

// speakLocked has a text spoken with the settings of now.
func (k *speechContext) speakLocked(text string, marks bool) {
	k.waiting += characters(text)
	k.jobs = append(k.jobs, job{text: text, settings: k.settings, marks: marks})
}

// flush has what is buffered spoken.
// Whether a flush of nothing is answered is not documented.
func (k *speechContext) flush() {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Flushes++ })
	if k.phase != phaseOpen || k.buffer == "" && !k.conn.quirks.emptyFlush || len(k.jobs) > maxWaiting {
		return
	}
	k.speakLocked(k.buffer, true)
	k.buffer = ""
}

// update flushes with the settings of before, and changes them. The model stays (docs).
func (k *speechContext) update(c create) {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.phase != phaseOpen {
		return
	}
	c.ModelID = nil
	settings, wrong := k.settings.with(c, k.conn.quirks)
	if wrong != nil {
		k.conn.failContext(k.id, *wrong)
		return
	}
	if k.buffer != "" {
		k.speakLocked(k.buffer, true)
		k.buffer = ""
	}
	k.settings = settings
	k.jobs = append(k.jobs, job{then: "contextUpdated"})
}

// close ends the context behind all that it has (docs).
func (k *speechContext) close() {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.phase != phaseOpen {
		return
	}
	if strings.TrimSpace(k.buffer) != "" {
		k.speakLocked(k.buffer, k.conn.quirks.closeMarks)
	}
	k.buffer, k.phase = "", phaseClosing
}

// cancel stops the context. What is being generated ends at once, and what waits is dropped (LiveKit's plugin stops so).
func (k *speechContext) cancel() {
	k.mu.Lock()
	k.buffer, k.jobs, k.waiting, k.phase = "", nil, 0, phaseCancelled
	k.mu.Unlock()
	k.stop()
	k.poke()
}

// closed tells the end of the context, which is the only one.
func (k *speechContext) closed() {
	k.leave() // a client that hears of the end may use the id again
	k.conn.send(k.id, "contextClosed", engine.Object{})
}

func (k *speechContext) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}
