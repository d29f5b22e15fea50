package rime

import (
	"context"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// speechContext is one context of v1. The connection's reader gives it texts, and one goroutine speaks them in order.
type speechContext struct {
	// Static after open.
	conn     *line
	id       string
	request  string // the vendor's own name of it
	settings settings
	stop     context.CancelFunc
	forget   func() (first bool) // ends the context's place; who is the first to sends the one terminal event
	over     chan struct{}       // closed when the speaker has ended
	wake     chan struct{}       // holds one token while there may be something to do

	mu      sync.Mutex // guards what follows
	buffer  string     // text that is no sentence yet
	queue   []string
	last    bool // no more comes
	started bool // it is told

	// Owned by the speaker, and after its end by the one who waited for it.
	sender  engine.Sender
	encoder engine.Encoder
	words   []voice.WordTime // in the context's own time, less the scale
}

// append adds a text, and reports whether the context takes any.
// By default each is one complete sentence, and none is cut. Where the server accumulates, it makes sentences of what it gets.
func (k *speechContext) append(text string) (taken bool) {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last || len(k.queue) >= maxWaiting {
		return false
	}
	k.conn.server.Stream(k.sender.Index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
	if k.settings.split != "ACCUMULATE_SENTENCE" {
		k.queue = append(k.queue, text)
		return true
	}
	var whole []string
	whole, k.buffer = sentencesOf(k.buffer + text)
	k.queue = append(k.queue, whole...)
	return true
}

// end is the end of the input. A second one does nothing.
func (k *speechContext) end() {
	defer k.poke()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = true
	if k.buffer != "" {
		k.queue = append(k.queue, k.buffer)
		k.buffer = ""
	}
}

func (k *speechContext) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// halt stops the speaker, and waits for it.
func (k *speechContext) halt() {
	k.stop()
	<-k.over
}

// run speaks until all is spoken, or the context is stopped or has broken off.
func (k *speechContext) run(ctx context.Context) {
	defer close(k.over)
	defer k.stop()
	if !k.conn.quirks.startedLate {
		k.begin()
	}
	for {
		text, more, ok := k.next(ctx)
		if !ok {
			return // who has stopped it says so
		}
		k.begin()
		if !more {
			k.done()
			return
		}
		if !k.say(ctx, text) {
			if ctx.Err() == nil {
				k.forget() // the fault is all that is heard of it
			}
			return
		}
	}
}

// next waits for a text; more is false once there is no more. It reports false where ctx ends before.
func (k *speechContext) next(ctx context.Context) (text string, more, ok bool) {
	for ctx.Err() == nil {
		k.mu.Lock()
		last := k.last
		if len(k.queue) > 0 {
			text, k.queue = k.queue[0], k.queue[1:]
			k.mu.Unlock()
			return text, true, true
		}
		k.mu.Unlock()
		if last {
			return "", false, true
		}
		select {
		case <-ctx.Done():
		case <-k.wake:
		}
	}
	return "", false, false
}

// begin says once that the context was accepted.
func (k *speechContext) begin() {
	k.mu.Lock()
	told := k.started
	k.started = true
	k.mu.Unlock()
	if !told {
		k.conn.send(engine.Object{"contextId": k.id, "started": engine.Object{"requestId": k.request}})
	}
}

// say speaks one text, and reports whether nothing went wrong.
func (k *speechContext) say(ctx context.Context, text string) bool {
	if k.sender.Broken(ctx) {
		return false
	}
	charge(&k.sender, text)
	if !engine.Speakable(text) {
		return true
	}
	spoken, ok := k.sender.Say(ctx, text, 1/k.settings.scale)
	if !ok {
		return false
	}
	k.take(spoken.Words)
	return k.sender.Play(ctx, spoken.PCM, k.encoder.Encode(spoken.PCM), k.settings.format.SampleSize(), nil)
}

// take keeps the times of a text that follows what was sent.
// Spans are at the native rate, as if there were no time scale.
func (k *speechContext) take(words []voice.WordTime) {
	scale := func(d time.Duration) time.Duration { return time.Duration(float64(d) / k.settings.scale) }
	for _, w := range words {
		w.Start, w.End = scale(k.sender.Sent()+w.Start), scale(k.sender.Sent()+w.End)
		k.words = append(k.words, w)
	}
}

// audio sends a chunk.
func (k *speechContext) audio(raw []byte) {
	k.conn.send(engine.Object{"contextId": k.id, "audio": engine.ToBase64(raw)})
}

// done says that all audio is delivered, and has the times where they were asked for.
func (k *speechContext) done() {
	if rest := k.encoder.End(); len(rest) > 0 && k.sender.Sent() > 0 {
		k.audio(rest)
	}
	if !k.forget() {
		return
	}
	done := engine.Object{}
	if k.settings.times {
		done["timestamps"] = k.timestamps()
	}
	k.conn.send(engine.Object{"contextId": k.id, "done": done})
}

// timestamps are the spans of words, or why there are none. As in all JSON of protobuf, what is zero or empty is left out.
// The codes are gRPC's: 3 is a text or a language that has no words, 12 a build without an aligner (AsyncAPI).
func (k *speechContext) timestamps() engine.Object {
	switch {
	case k.conn.quirks.times == "none":
		return engine.Object{"status": engine.Object{"code": 12, "message": "timestamps are not available in this build"}}
	case len(k.words) == 0:
		return engine.Object{"status": engine.Object{"code": 3, "message": "there is no word"}}
	}
	var spans []engine.Object
	for _, w := range k.words {
		spans = append(spans, engine.Object{"text": w.Text, "start": duration(w.Start), "end": duration(w.End)})
	}
	return engine.Object{"status": engine.Object{}, "spans": spans}
}

// fault is the error that a fault asks for: the context's, or the connection's.
func (k *speechContext) fault(f engine.Fault) {
	if !k.forget() {
		return
	}
	id, request := k.id, k.told()
	if f.Session {
		id, request = "", ""
	}
	k.conn.send(failure(id, kindOf(f), "The request failed", request))
}

// told is the requestId as errors have it; empty: they have none.
func (k *speechContext) told() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.conn.quirks.requestNamed || !k.started {
		return ""
	}
	return k.request
}
