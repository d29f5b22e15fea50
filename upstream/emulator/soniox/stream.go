package soniox

import (
	"context"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// stream is one stream. The connection's reader gives it text, and one goroutine speaks.
type stream struct {
	// Static after begin.
	conn     *line
	id       string
	settings settings
	index    int // in the stats
	fault    engine.Fault
	stop     context.CancelFunc
	leave    func()        // has the connection free its place and id
	wake     chan struct{} // holds one token while there may be something to do

	mu     sync.Mutex // guards what follows
	buffer string     // text that is not spoken yet
	input  input
	heard  time.Time // when text last came, or the stream began
	wrong  *failure  // that ends it

	speaker // owned by the goroutine
}

// input is how far a stream's text has come.
type input int

const (
	inputOpen      input = iota
	inputEnded           // by text_end
	inputCancelled       // nothing more is spoken
)

// speaker is what a stream's goroutine keeps from text to text.
type speaker struct {
	samples int64 // generated, at the native rate
	spoke   bool
	old     bool          // it has outlived what a stream may have
	rest    []byte        // audio that is under way
	last    engine.Object // the last audio, which is to be sent with audio_end; nil: it has been sent
	pacer   engine.Pacer
}

func newStream(c *line, id string, s settings) *stream {
	k := &stream{
		conn: c, id: id, settings: s, index: c.server.Begin(id), fault: c.server.CurrentFault(), wake: make(chan struct{}, 1), heard: time.Now(),
	}
	k.pacer = engine.Pacer{Pace: c.server.Options().Pace}
	if k.fault.Kind == engine.Slow {
		k.pacer.Pace = 0.5
	}
	return k
}

// babble is what an empty text that does not end a stream makes of it: a comment in LiveKit's plugin says that the model babbles.
const babble = " blah blah blah. "

// take takes a text, or the end of it. Texts are joined as they are sent.
func (k *stream) take(m message) {
	text := ""
	if m.Text != nil {
		text = *m.Text
	}
	if wrong := k.refuses(text); wrong != nil {
		k.fail(*wrong)
		return
	}
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.input != inputOpen {
		return
	}
	if text == "" && !m.TextEnd {
		text = babble
	}
	if text != "" {
		k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
		k.heard = time.Now()
	}
	k.buffer += text
	if m.TextEnd {
		k.input = inputEnded
		k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Flushes++ })
	}
}

// refuses is why a text ends the stream by an error; nil: it does not.
func (k *stream) refuses(text string) *failure {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.input == inputEnded && k.conn.quirks.lateText == "error":
		return invalid("The text has ended.")
	case k.input != inputOpen:
		return nil
	case k.conn.quirks.length(text) > maxText:
		return &failure{k.conn.quirks.lengthCode, "text is too long."}
	case len(k.buffer)+len(text) > maxWaiting:
		return &failure{http.StatusRequestEntityTooLarge, "Too much text is waiting."}
	}
	return nil
}

// length is a text's, as its limit counts.
// The docs have characters, and a third party has met it in bytes.
func (q quirks) length(text string) int {
	if q.countsBytes {
		return len(text)
	}
	return utf8.RuneCountInString(text)
}

// cancel stops the stream. What is being generated ends at once.
func (k *stream) cancel() {
	k.mu.Lock()
	k.input, k.buffer = inputCancelled, ""
	k.mu.Unlock()
	k.stop()
	k.poke()
}

// fail ends the stream by an error, the first one.
func (k *stream) fail(e failure) {
	k.mu.Lock()
	if k.wrong == nil {
		k.wrong = &e
	}
	k.mu.Unlock()
	k.stop()
	k.poke()
}

// patience is for how long a stream waits for text.
func (c *line) patience() time.Duration {
	if own := c.server.Options().Inactivity; own > 0 {
		return own
	}
	return time.Duration(c.quirks.inputSeconds) * time.Second
}

// killed reports whether the stream is killed though it has something to say: it has had its time, or its client is silent.
func (k *stream) killed() bool {
	if audio.Duration(k.samples, engine.NativeRate) >= lifetime {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn.quirks.inputPauses {
		k.heard = time.Now()
	}
	return k.input == inputOpen && time.Since(k.heard) >= k.conn.patience()
}

// spent reports whether what is being spoken is all of the stream's text.
func (k *stream) spent() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.input == inputEnded && k.buffer == ""
}

func (k *stream) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}
