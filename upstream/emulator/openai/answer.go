package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// ending is how an answer ended.
type ending int

const (
	whole  ending = iota
	cut           // the body ends, and looks whole
	broken        // the connection breaks
)

// answer is the answer to one request, owned by the request's goroutine.
type answer struct {
	// Static after newAnswer.
	w        http.ResponseWriter
	control  *http.ResponseController
	quirks   quirks
	encoder  encoder
	declared string // type of the body
	sse      bool
	held     bool // until it is whole
	received time.Time

	begun  bool   // the status is out
	headed bool   // what goes before the samples is out
	rest   []byte // encoded, and not sent
}

func (o *emulator) newAnswer(w http.ResponseWriter, a order) (*answer, error) {
	e, declared, err := o.quirks.encoder(a.format)
	if err != nil {
		return nil, err
	}
	if a.sse {
		declared = "text/event-stream"
	}
	buffered := o.quirks.buffered && (a.stream == nil || !*a.stream)
	trueSize := e.head != nil && o.quirks.wavSize == wavTrueSize
	return &answer{
		w: w, control: http.NewResponseController(w), quirks: o.quirks, encoder: e, declared: declared,
		sse: a.sse, held: !a.sse && (buffered || trueSize), received: time.Now(),
	}, nil
}

// boundBy ends writes that wait for a client when ctx ends, until done is called.
func (a *answer) boundBy(ctx context.Context) (done func()) {
	stop := context.AfterFunc(ctx, func() { _ = a.control.SetWriteDeadline(time.Unix(1, 0)) }) // the connection may be over
	return func() { stop() }
}

// begin sends the status, and the length of the body where that is known.
func (a *answer) begin(length int) {
	if a.begun {
		return
	}
	a.begun = true
	h := a.w.Header()
	h.Set("Content-Type", a.declared)
	h.Set("openai-processing-ms", strconv.FormatInt(time.Since(a.received).Milliseconds(), 10))
	if length > 0 {
		h.Set("Content-Length", strconv.Itoa(length))
	}
	a.w.WriteHeader(http.StatusOK)
	_ = a.control.Flush() // a client that has gone is noticed by its context
}

// audio sends samples, or keeps them where the body is held. odd: what is sent ends in the middle of a sample.
func (a *answer) audio(pcm []int16, odd bool) {
	a.rest = append(a.rest, a.encoder.Encode(pcm)...)
	if a.held || len(a.rest) == 0 {
		return
	}
	n := len(a.rest)
	if odd && n%2 == 0 {
		n--
	}
	a.send(a.rest[:n])
	a.rest = append([]byte(nil), a.rest[n:]...)
}

// end sends what is left, and the end of the body. The usage is that of the last event.
func (a *answer) end(usage any) {
	a.rest = append(a.rest, a.encoder.End()...)
	switch {
	case a.held:
		head := a.head(len(a.rest))
		a.begin(len(head) + len(a.rest))
		a.write(append(head, a.rest...))
	default:
		a.send(a.rest)
	}
	if !a.sse {
		return
	}
	a.event("speech.audio.done", engine.Object{"usage": usage})
	if a.quirks.sseDone {
		a.write([]byte("data: [DONE]\n\n"))
	}
}

// head is what goes before so many bytes of samples, once.
func (a *answer) head(size int) []byte {
	if a.headed || a.encoder.head == nil {
		return nil
	}
	a.headed = true
	return a.encoder.head(uint32(size))
}

// send sends encoded audio: as it is, or in an event.
func (a *answer) send(raw []byte) {
	a.begin(0)
	raw = append(a.head(0), raw...)
	switch {
	case len(raw) == 0:
	case a.sse:
		a.event("speech.audio.delta", engine.Object{a.quirks.sseField: engine.ToBase64(raw)})
	default:
		a.write(raw)
	}
}

// event sends an event. Servers differ in whether it has a name besides its type.
func (a *answer) event(kind string, o engine.Object) {
	o["type"] = kind
	data, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err)) // an event of ours that is no JSON
	}
	if a.quirks.sseNames {
		a.write([]byte("event: " + kind + "\n"))
	}
	a.write(fmt.Appendf(nil, "data: %s\n\n", data))
}

// write writes at once. A client that has gone is noticed by its context.
func (a *answer) write(data []byte) {
	a.begin(0)
	_, _ = a.w.Write(data)
	_ = a.control.Flush()
}

// garbage sends what is of no server's protocol: the page of a proxy, an event that is none, or a break in how the body is framed.
func (a *answer) garbage() ending {
	if !a.begun {
		a.declared = "text/html"
		a.write([]byte(engine.GarbageText))
		return cut
	}
	if a.sse {
		a.write([]byte("data: " + engine.GarbageText + "\n\n"))
		return cut
	}
	conn, _, err := a.control.Hijack()
	if err != nil {
		return broken
	}
	_, _ = conn.Write([]byte(engine.GarbageText + "\r\n")) // the client may have gone
	_ = conn.Close()
	return cut
}
