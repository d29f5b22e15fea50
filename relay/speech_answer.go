package relay

import (
	"context"
	"net/http"
	"time"

	"voicerelay/audio"
	"voicerelay/protocol"
)

// answerStep is how many bytes a client must take within its patience: less than a quarter of a second of 24 kHz PCM.
const answerStep = 8 << 10

// answer is the body of a speech: the audio itself, or the messages, a line each. Until there is audio, or an end
// without fault, its status is open.
type answer struct {
	// Static after newAnswer.
	w       http.ResponseWriter
	control *http.ResponseController
	g       *generation
	lines   bool

	// Owned by the writer.
	begun   bool   // the header is out
	pending []byte // body to send
}

func newAnswer(w http.ResponseWriter, g *generation, lines bool) *answer {
	return &answer{w: w, control: http.NewResponseController(w), g: g, lines: lines}
}

// send sends a message, in the form that the client wants. The last one completes the answer.
func (a *answer) send(ctx context.Context, m *message) error {
	switch {
	case a.lines:
		a.pending = append(append(a.pending, m.body()...), '\n')
	case m.samples > 0:
		a.pending = append(a.pending, m.body()...)
	}
	if m.last {
		return a.complete(ctx, a.g.settled())
	}
	if m.samples > 0 || a.begun {
		a.begin()
		return a.flush(ctx)
	}
	return nil
}

// complete ends the answer: by an error where nothing was heard, else by its trailers.
func (a *answer) complete(ctx context.Context, done protocol.Done) error {
	if err := a.extend(ctx); err != nil {
		return err
	}
	if !a.begun && done.Error != nil {
		a.identify()
		writeError(a.w, done.Error)
		return nil
	}
	if !a.begun && !a.lines && a.g.req.asked.Encoding == protocol.EncodingWAV {
		a.pending = append(a.pending, audio.WAVHeader(a.g.req.output.Rate)...) // a file without samples is one
	}
	a.begin()
	if err := a.flush(ctx); err != nil {
		return err
	}
	a.w.Header().Set(trailerStatus, done.Reason)
	a.w.Header().Set(trailerUsage, trailerOf(done.Usage))
	return nil
}

// begin writes the header.
func (a *answer) begin() {
	if a.begun {
		return
	}
	a.begun = true
	kind := linesType
	if !a.lines {
		kind = mediaType(a.g.req.asked)
	}
	a.identify()
	h := a.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers the body would delay the first audio
	h.Set("Trailer", trailerStatus+", "+trailerUsage)
	a.w.WriteHeader(http.StatusOK)
}

// identify says of which generation and record the answer is.
func (a *answer) identify() {
	a.w.Header().Set("Generation-Id", a.g.req.id)
	a.w.Header().Set("Record-Id", a.g.recordID)
}

// flush hands all that is pending to the client's socket. A slow client is waited for as long as it takes a step
// within its patience.
func (a *answer) flush(ctx context.Context) error {
	p := a.pending
	for len(p) > 0 {
		if err := a.extend(ctx); err != nil {
			return err
		}
		n, err := a.w.Write(p[:min(len(p), answerStep)])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	a.pending = a.pending[:0]
	if err := a.extend(ctx); err != nil {
		return err
	}
	return a.control.Flush()
}

// extend begins the client's patience anew. It fails once the request is over, since abort may have come before.
func (a *answer) extend(ctx context.Context) error {
	if err := a.control.SetWriteDeadline(time.Now().Add(a.g.req.key.Limits.WriteTimeout)); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// abort frees a writer that waits for the client. It may be called beside it, once the request's context has ended.
func (a *answer) abort() { _ = a.control.SetWriteDeadline(time.Now()) } // fails only where the connection is over

// settled is the generation's end, once it is queued.
func (g *generation) settled() protocol.Done {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.done
}
