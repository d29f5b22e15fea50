package elevenlabs

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it text, and its own goroutine speaks.
type speechContext struct {
	// Static after open.
	conn     *connection
	id       string
	settings setting
	speed    float64
	fault    engine.Fault
	index    int           // in the stats
	over     chan struct{} // closed when nothing more is sent
	wake     chan struct{} // holds one token while there may be something to do

	mu      sync.Mutex // guards what follows
	text    text
	jobs    []job // no more than a context may have characters, and its flushes between them
	begun   job   // that the speaker is at
	halt    context.CancelFunc
	length  int // characters so far
	closing bool
	closes  int       // close_context messages
	heard   time.Time // of the client's last word, or the end of the vendor's

	voice voicing // the speaker's alone
}

// job is something for the speaker to do.
type job struct {
	text    string
	flushed bool // it is spoken though the context is closed
	marks   bool // a flush ends here
	last    bool // the context ends here
}

// newSpeechContext is a context with what its first message fixes, or what is wrong with that.
// Settings count in a context's first message only: whatever opens it fixes them, even a keep-alive (reported on GitHub).
func newSpeechContext(c *connection, m message) (*speechContext, *failure) {
	k := &speechContext{
		conn: c, id: m.id(), settings: usual(), fault: c.server.CurrentFault(), heard: time.Now(),
		over: make(chan struct{}), wake: make(chan struct{}, 1), halt: func() {},
	}
	if m.Settings != nil {
		k.settings = *m.Settings
	}
	var wrong *failure
	if k.speed, wrong = c.quirks.speed(k.settings); wrong != nil {
		return nil, wrong
	}
	if k.text.schedule, wrong = m.schedule(); wrong != nil {
		return nil, wrong
	}
	k.text.auto = c.address.auto
	encoder, err := c.address.format.Encoder()
	if err != nil {
		return nil, named("internal_error")
	}
	k.voice = voicing{encoder: encoder, pacer: engine.Pacer{Pace: c.server.Options().Pace}}
	if k.fault.Kind == engine.Slow {
		k.voice.pacer.Pace = 0.5
	}
	return k, nil
}

// take applies a message of the context's. After a close_context only another one counts.
func (k *speechContext) take(m message, opens bool) *failure {
	k.note(m)
	k.touch()
	text := ""
	if m.Text != nil && (!opens || *m.Text != " ") { // a space has opened the context, and is no text
		text = *m.Text
	}
	if !k.add(text) {
		return named(tooLong)
	}
	if m.Flush {
		k.flush()
	}
	if m.CloseContext {
		k.conn.noteClose(k.id)
		k.close()
	}
	return nil
}

// note counts what a message brings.
func (k *speechContext) note(m message) {
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		switch {
		case m.keepsAlive():
			s.KeepAlives++
		case m.Text != nil && strings.TrimSpace(*m.Text) != "":
			s.Texts = append(s.Texts, *m.Text)
		}
		if m.Flush {
			s.Flushes++
		}
	})
}

// touch restarts the time in which the client has to say something.
func (k *speechContext) touch() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.heard = time.Now()
}

// add appends a text and has spoken what is due. It reports false where that is too much.
func (k *speechContext) add(text string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closing || text == "" {
		return true
	}
	if k.length += utf8.RuneCountInString(text); k.length > maxText {
		return false
	}
	k.pushLocked(job{text: k.text.add(text)})
	return true
}

// flush has everything spoken that has come, though the context be closed.
// A flush speaks all text and keeps the context open; the schema has no answer to it, and isFinal does not follow it. Yet some
// servers of this protocol send flush_done, which LiveKit's plugin ignores by name.
func (k *speechContext) flush() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closing {
		return
	}
	k.begun.flushed = true
	for i := range k.jobs {
		k.jobs[i].flushed = true
	}
	k.pushLocked(job{text: k.text.flush(), flushed: true, marks: true})
}

// close ends the context after what is kept of it. One that is stalled ends with the next close_context.
// The schema says that what was flushed is still spoken. Of the rest it says nothing, so the seed draws whether it is dropped,
// spoken as far as it has begun, or spoken whole.
func (k *speechContext) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closes++
	if k.closing {
		k.wakeLocked()
		return
	}
	switch k.conn.quirks.closeKeeps {
	case "all":
		k.pushLocked(job{text: k.text.flush()})
	case "flushed":
		k.dropLocked()
	}
	k.closing = true
	k.pushLocked(job{last: true})
}

// dropLocked drops what has not been flushed, which only comes after what has.
func (k *speechContext) dropLocked() {
	if k.begun.text != "" && !k.begun.flushed {
		k.halt()
	}
	kept := 0
	for kept < len(k.jobs) && k.jobs[kept].flushed {
		kept++
	}
	k.jobs = k.jobs[:kept]
}

// pushLocked adds a job, if there is anything in it. A flush of nothing after another adds nothing.
func (k *speechContext) pushLocked(j job) {
	if strings.TrimSpace(j.text) == "" {
		j.text = ""
	}
	again := j.marks && len(k.jobs) > 0 && k.jobs[len(k.jobs)-1].marks
	if j.text == "" && !j.last && (!j.marks || again) {
		return
	}
	k.jobs = append(k.jobs, j)
	k.wakeLocked()
}

func (k *speechContext) wakeLocked() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// pop takes the next job, and says how the speaker is to be stopped while it is at it.
func (k *speechContext) pop(halt context.CancelFunc) (job, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.jobs) == 0 {
		return job{}, false
	}
	k.begun, k.halt = k.jobs[0], halt
	k.jobs = k.jobs[1:]
	return k.begun, true
}

// rest notes that the speaker has done its job.
func (k *speechContext) rest() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begun, k.halt = job{}, func() {}
	k.heard = time.Now()
}

// speak does the jobs in order until the context ends, or ctx does with the connection.
func (k *speechContext) speak(ctx context.Context) {
	defer close(k.over)
	for ctx.Err() == nil && !k.voice.dead {
		job, halt := context.WithCancel(ctx)
		j, ok := k.pop(halt)
		switch {
		case !ok:
			k.await(ctx)
		case j.last:
			k.finish(ctx)
			halt()
			return
		default:
			k.do(ctx, job, j)
			k.rest()
		}
		halt()
	}
	k.conn.end(k)
}

// do speaks a job's text. job ends before ctx does where the context is closed over it.
// Whether a socket's contexts are spoken side by side is not documented: see engage.
func (k *speechContext) do(ctx, job context.Context, j job) {
	if j.text != "" && k.engage(job) {
		k.say(job, j.text)
		<-k.conn.engine
	}
	if k.voice.stalled {
		k.stall(ctx)
	}
	if ctx.Err() == nil && job.Err() != nil {
		k.sendLate()
	}
	if j.marks && k.conn.quirks.flushDone && ctx.Err() == nil {
		frame := engine.Object{"type": "flush_done"}
		k.conn.quirks.name(frame, k.id)
		engine.Send(k.conn.socket, frame)
	}
}

// engage waits until the socket's contexts leave this one its turn, and reports false where ctx ends before.
func (k *speechContext) engage(ctx context.Context) bool {
	select {
	case k.conn.engine <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// stall waits for the client to give the context up, by a close_context from now on or by leaving.
func (k *speechContext) stall(ctx context.Context) {
	k.mu.Lock()
	before := k.closes
	k.mu.Unlock()
	for {
		k.mu.Lock()
		more := k.closes > before
		k.mu.Unlock()
		if more || ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-k.wake:
		}
	}
}

// await waits for a job, and ends the context where the vendor gives up on its client.
func (k *speechContext) await(ctx context.Context) {
	k.mu.Lock()
	left := time.Until(k.heard.Add(k.conn.address.inactivity))
	k.mu.Unlock()
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-k.wake:
	case <-timer.C:
		k.lapse()
	}
}

// lapse is what follows where nothing was said to the context for too long, if that is so still.
// inactivity_timeout is 20 s, up to 180 (schema). The guide has it close contexts, and users report input_timeout_exceeded
// with a close of the socket.
func (k *speechContext) lapse() {
	k.mu.Lock()
	waits := time.Since(k.heard) < k.conn.address.inactivity
	k.mu.Unlock()
	switch {
	case waits: // for a keep-alive has come
	case k.conn.quirks.idle == "error":
		k.conn.fail(named(idle), k.id)
	default:
		k.close()
	}
}

// finish sends what the encoder still has, and the final frame.
// The final frame comes once in a context's life, after its close: LiveKit waits for it, and Pipecat's turn ends by nothing
// else. The id is free again after it.
func (k *speechContext) finish(ctx context.Context) {
	if !k.voice.stalled && k.fault.Kind != engine.Empty && k.voice.samples > 0 {
		k.sendChunk(append(k.voice.held, k.voice.encoder.End()...), nil, nil)
	}
	k.conn.end(k)
	if ctx.Err() == nil {
		engine.Send(k.conn.socket, k.conn.quirks.final(k.id))
	}
}
