package kugelaudio

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it jobs, and one goroutine speaks.
type speechContext struct {
	// Static after create.
	conn     *connection
	id       string
	voice    *json.Number // nil: none was given
	settings settings
	fault    engine.Fault
	index    int // in the stats
	stop     context.CancelFunc
	idle     time.Duration
	turn     bool          // it is a turn of /ws/tts/stream
	stale    time.Duration // after which a turn speaks what has no sentence end
	over     chan struct{} // closed when the speaker has ended

	mu     sync.Mutex // guards what follows
	buffer string     // text that is not spoken yet
	closed bool       // nothing more is taken
	jobs   []job
	cause  stopKind
	last   time.Time     // of the client's last word
	wake   chan struct{} // holds one token while jobs may wait

	// Owned by the speaker.
	chunk, idx int
	frames     int   // of audio
	samples    int64 // generated, at the native rate
	characters int
	pacer      engine.Pacer
}

// job is something for a context's speaker to do.
type job struct {
	kind jobKind
	text string
}

type jobKind int

const (
	jobSay jobKind = iota
	jobFinal
	jobClose
	jobFail
	jobTurn // a turn's end on /ws/tts/stream
)

// stopKind is why a context was halted.
type stopKind int

const (
	notStopped stopKind = iota
	stopImmediate
	stopCancel
	stopGone
)

// newSpeechContext is a context with what its first frame fixes. It takes the session's settings as they are at that moment:
// the reference has update_settings hold for what begins afterwards (KugelAudio's docs, Multi-context). The 20 s of inactivity
// may be set by the client, as inactivity_timeout in seconds, which the JavaScript SDK sends.
func newSpeechContext(c *connection, id string, f frame) *speechContext {
	k := &speechContext{
		conn: c, id: id, settings: c.session, fault: c.server.CurrentFault(), idle: inactivity,
		over: make(chan struct{}), wake: make(chan struct{}, 1), last: time.Now(),
		pacer: engine.Pacer{Pace: c.server.Options().Pace},
	}
	if f.Voice != nil {
		k.voice = f.Voice.VoiceID
	}
	if c.server.Options().Inactivity > 0 {
		k.idle = c.server.Options().Inactivity
	}
	if s := c.session.Inactivity; s > 0 {
		k.idle = time.Duration(s * float64(time.Second))
	}
	if k.fault.Kind == engine.Slow {
		k.pacer.Pace = 0.5
	}
	return k
}

// push gives the speaker a job.
func (k *speechContext) push(j job) {
	k.mu.Lock()
	k.jobs = append(k.jobs, j)
	k.closed = k.closed || j.kind == jobClose
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *speechContext) pop() (job, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.jobs) == 0 {
		return job{}, false
	}
	j := k.jobs[0]
	k.jobs = k.jobs[1:]
	return j, true
}

// closes reports whether the close is the next job.
// It serves one quirk only: a client may flush and close at once, and whether that yields one final or two is not documented.
func (k *speechContext) closes() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.jobs) > 0 && k.jobs[0].kind == jobClose
}

// draining reports whether the context only finishes what it has. A cancel of all contexts leaves such ones alone, for they were
// closed before it.
func (k *speechContext) draining() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// halt stops the speaker at once. The first cause counts: a client that leaves after a cancel has still cancelled.
func (k *speechContext) halt(cause stopKind) {
	k.mu.Lock()
	if k.cause == notStopped {
		k.cause = cause
	}
	k.mu.Unlock()
	k.stop()
}

func (k *speechContext) stopped() stopKind {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cause
}

// touch resets the inactivity timer.
func (k *speechContext) touch() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = time.Now()
}

// fail ends the context with an error frame.
func (k *speechContext) fail(code, text string) {
	k.push(job{kind: jobFail, text: code + ":" + text})
}

// speak does the context's jobs in order until it is closed, halted or forgotten by its client.
func (k *speechContext) speak(ctx context.Context) {
	defer close(k.over)
	defer k.stop()
	for ctx.Err() == nil {
		j, ok := k.pop()
		if !ok {
			if !k.await(ctx) {
				break
			}
			continue
		}
		if k.do(ctx, j) {
			k.conn.remove(k)
			return
		}
	}
	k.conn.remove(k)
	// An immediate close has no final. A cancel has neither final nor context_closed: interrupted stands for both. Audio under
	// way may follow either (KugelAudio's docs, Barge-in), and a client must drop it.
	switch k.stopped() {
	case stopImmediate:
		k.sendClosed(k.conn.quirks.usageAfterImmediate)
		k.sendLate()
	case stopCancel:
		k.sendLate() // before interrupted, which the connection sends
	}
}

// await waits for a job. It reports false where the context is over.
func (k *speechContext) await(ctx context.Context) bool {
	k.mu.Lock()
	left := time.Until(k.last.Add(k.idle))
	stale := k.turn && k.buffer != ""
	if stale {
		left = min(left, time.Until(k.last.Add(k.stale)))
	}
	k.mu.Unlock()
	if left <= 0 {
		return k.lapse(stale)
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-k.wake:
	case <-timer.C:
	}
	return true
}

// lapse is what happens when the client has been quiet: a stale buffer is spoken, a turn ends, a context is gone.
// The reference tells stale buffers and idle turns apart: text without a sentence end is spoken after flush_timeout_ms and the
// turn goes on; 5 s without text end it, with a warning first (KugelAudio's docs, Turn lifecycle).
func (k *speechContext) lapse(stale bool) (goesOn bool) {
	switch {
	case stale:
		k.flushInto()
	case k.turn:
		k.send(engine.Object{"warning": "Turn ended after 5s of inactivity."})
		k.push(job{kind: jobTurn})
	// The frame is known from the SDKs only; that no context_closed follows is an assumption.
	default: // without a close of its own: the context is simply gone, and its id may be used again
		k.send(engine.Object{"context_timeout": true})
		return false
	}
	return true
}

// send sends a frame of the context, which names it where there are several.
// A turn on /ws/tts/stream has no id: there is one at a time.
func (k *speechContext) send(o engine.Object) {
	if !k.turn {
		o["context_id"] = k.id
	}
	k.conn.send(o)
}

// do does one job and reports whether it was the last.
func (k *speechContext) do(ctx context.Context, j job) (last bool) {
	switch j.kind {
	case jobSay:
		return k.say(ctx, j.text)
	case jobFinal:
		// The final says that all text before the flush has been delivered, and comes before context_closed on a graceful close
		// too (KugelAudio's docs, Multi-context).
		if k.conn.quirks.oneFinal && k.closes() {
			return false // the close's own final stands for both
		}
		k.send(engine.Object{"final": true})
	case jobClose:
		k.send(engine.Object{"final": true})
		k.conn.remove(k) // before it is told: a client that has heard of it may open another in its place
		k.sendClosed(true)
		return true
	case jobFail:
		k.conn.remove(k)
		code, text, _ := strings.Cut(j.text, ":")
		k.conn.sendError(code, text, k.id)
		return true
	case jobTurn:
		k.sendTurnEnd()
		return true
	}
	return false
}
