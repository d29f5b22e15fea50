package kugelaudio

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it jobs, and one goroutine speaks.
type speechContext struct {
	// Static after create.
	conn     *line
	id       string
	voice    *json.Number // nil: none was given
	settings settings
	fault    engine.Fault
	index    int // in the stats
	stop     context.CancelFunc
	leave    func() // takes it off the connection
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
func newSpeechContext(c *line, id string, f frame) *speechContext {
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

func (k *speechContext) isOver() bool {
	select {
	case <-k.over:
		return true
	default:
		return false
	}
}

// fail ends the context with an error frame.
func (k *speechContext) fail(code, text string) {
	k.push(job{kind: jobFail, text: code + ":" + text})
}

// send sends a frame of the context, which names it where there are several.
// A turn on /ws/tts/stream has no id: there is one at a time.
func (k *speechContext) send(o engine.Object) {
	if !k.turn {
		o["context_id"] = k.id
	}
	k.conn.send(o)
}
