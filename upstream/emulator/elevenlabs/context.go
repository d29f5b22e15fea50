package elevenlabs

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// speechContext is one context. The connection's reader gives it text, and its own goroutine speaks.
type speechContext struct {
	// Static after open.
	conn     *line
	id       string
	settings setting
	speed    float64
	voices   []string // that may speak, of a dialogue
	fault    engine.Fault
	index    int           // in the stats
	leave    func()        // takes it off the connection
	over     chan struct{} // closed when nothing more is sent
	wake     chan struct{} // holds one token while there may be something to do

	mu      sync.Mutex // guards what follows
	text    text
	jobs    []job // no more than a context may have characters, and its flushes between them
	begun   job   // that the speaker is at
	halt    context.CancelFunc
	length  int  // characters so far
	fresh   bool // some have come since the latest flush
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

// voicing is where a context's speech is.
type voicing struct {
	encoder    engine.Encoder
	pacer      engine.Pacer // of the text that is spoken
	held       []byte       // encoded, for the next frame: where frames end within samples
	samples    int64        // generated, at the native rate
	characters int64        // charged
	spoken     bool         // something has been
	stalled    bool         // it does not go on
	dead       bool         // a fault has ended it without a word
}

// newSpeechContext is a context with what its first message fixes, or what is wrong with that.
// Settings count in a context's first message only: whatever opens it fixes them, even a keep-alive (reported on GitHub).
func newSpeechContext(c *line, m message) (*speechContext, *failure) {
	k := &speechContext{
		conn: c, id: m.id(), settings: usual(), voices: m.voices, fault: c.server.CurrentFault(), heard: time.Now(),
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
	if c.address.dialogue {
		if wrong = c.address.register(m.voices); wrong != nil {
			return nil, wrong
		}
		k.text.schedule, k.text.words = []int{dialogueCharacters}, dialogueWords
	}
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
	for _, in := range m.inputs {
		if opens && in.text == " " {
			continue // it has opened the context, and is no text
		}
		if in.newTurn {
			k.turn()
		}
		if !k.add(in.text) {
			return named(tooLong)
		}
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

// unsayable says what is wrong with a dialogue's inputs: a voice that was not registered, or that the context is closing. Either
// closes the socket.
func (k *speechContext) unsayable(m message) *failure {
	if !k.conn.address.dialogue {
		return nil
	}
	k.mu.Lock()
	closing := k.closing
	k.mu.Unlock()
	for _, in := range m.inputs {
		if closing {
			return invalid("The context is closing.")
		}
		if !slices.Contains(k.voices, in.voice) {
			return invalid("The voice_id is not among the voices that the first message has registered.")
		}
	}
	return nil
}

// note counts what a message brings.
func (k *speechContext) note(m message) {
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		if m.keepsAlive() {
			s.KeepAlives++
		}
		for _, in := range m.inputs {
			if strings.TrimSpace(in.text) != "" {
				s.Texts = append(s.Texts, in.text)
			}
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
	k.fresh = k.fresh || strings.TrimSpace(text) != ""
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
	marks := k.fresh || !k.conn.address.dialogue || k.conn.quirks.emptyTurn
	k.fresh = false
	k.pushLocked(job{text: k.text.flush(), flushed: true, marks: marks})
}

// turn has what has come spoken by itself, since the next input begins a turn of the dialogue.
// Whether that is the end of a turn as a flush is, is not said.
func (k *speechContext) turn() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closing && k.fresh {
		k.pushLocked(job{text: k.text.flush(), marks: k.conn.quirks.turnMarks})
		k.fresh = !k.conn.quirks.turnMarks
	}
}

// end is the end that close_socket brings: the rest is spoken. Whether a dialogue's last turn is told as one then, is not said.
func (k *speechContext) end() {
	k.mu.Lock()
	flushes := !k.conn.address.dialogue || k.fresh && k.conn.quirks.turnAtEnd
	k.mu.Unlock()
	if flushes {
		k.flush()
	}
	k.close()
}

// close ends the context after what is kept of it. One that is stalled ends with the next close_context.
// The schema says that what was flushed is still spoken. Of the rest it says nothing, so the seed draws whether it is dropped,
// spoken as far as it has begun, or spoken whole. On the dialogue's sockets a close has been seen to speak all.
func (k *speechContext) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closes++
	if k.closing {
		k.wakeLocked()
		return
	}
	switch keeps := k.conn.quirks.closeKeeps; {
	case keeps == "all", k.conn.address.dialogue:
		k.pushLocked(job{text: k.text.flush()})
	case keeps == "flushed":
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
