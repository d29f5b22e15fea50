package native

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// answerStep is how many bytes a client must take within its patience: less than a quarter of a second of 24 kHz PCM.
const answerStep = 8 << 10

// answer is the body of a speech: the audio itself, or the messages, a line each. Until there is audio, or an end
// without fault, its status is open; where the client asked for its length, until the end.
type answer struct {
	// Static after newAnswer.
	w       http.ResponseWriter
	control *http.ResponseController
	speech  *speech
	form    bodyForm

	// Owned by the writer.
	begun   bool   // the header is out
	pending []byte // body to send
	kept    int64  // bytes of it that wait for the end
}

func newAnswer(w http.ResponseWriter, of *speech) *answer {
	return &answer{w: w, control: http.NewResponseController(w), speech: of, form: of.form}
}

// send sends a message, in the form that the client wants. The last one completes the answer.
func (a *answer) send(ctx context.Context, m *delivery.Message) error {
	switch {
	case a.form == bodyLines:
		a.pending = append(append(a.pending, m.Body()...), '\n')
	case m.Samples > 0:
		a.pending = append(a.pending, m.Body()...)
	}
	if m.Last {
		return a.complete(ctx, a.speech.wire.done(a.speech.g.Result()))
	}
	if a.form == bodyWhole {
		return a.keep(ctx)
	}
	if m.Samples > 0 || a.begun {
		a.begin()
		return a.flush(ctx)
	}
	return nil
}

// errBrokenOff is why an answer is not completed: its speech has failed after its first byte.
var errBrokenOff = errors.New("speech broke off")

// complete ends the answer: by an error where nothing was sent, else by its trailers. Audio that broke off has no end,
// since most programs would take what there is for the whole.
func (a *answer) complete(ctx context.Context, done protocol.Done) error {
	if err := a.extend(ctx); err != nil {
		return err
	}
	if !a.begun && done.Error != nil {
		a.identify()
		downstream.WriteError(a.w, done.Error)
		return nil
	}
	if !a.begun && len(a.pending) == 0 && a.isWAV() {
		a.pending = append(a.pending, audio.WAVHeader(a.speech.wire.asked.SampleRate)...) // a file without samples is one
	}
	if a.form == bodyWhole {
		return a.sendWhole(ctx, done)
	}
	a.begin()
	if err := a.flush(ctx); err != nil {
		return err
	}
	if a.form == bodyAudio && done.Reason != string(relay.Completed) {
		return errBrokenOff
	}
	a.tellEnd(done)
	return nil
}

// isWAV reports whether the body is a WAV file.
func (a *answer) isWAV() bool {
	return a.form != bodyLines && a.speech.wire.asked.Encoding == protocol.EncodingWAV
}

// tellEnd says how the generation ended: in trailers once the header is out, else in headers.
func (a *answer) tellEnd(done protocol.Done) {
	a.w.Header().Set(trailerStatus, done.Reason)
	a.w.Header().Set(trailerUsage, trailerOf(done.Usage))
}

// begin writes the header.
func (a *answer) begin() {
	if a.begun {
		return
	}
	a.begun = true
	a.describe()
	h := a.w.Header()
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers the body would delay the first audio
	h.Set("Trailer", trailerStatus+", "+trailerUsage)
	a.w.WriteHeader(http.StatusOK)
}

// describe says what the body is.
func (a *answer) describe() {
	kind := linesType
	if a.form != bodyLines {
		kind = mediaType(a.speech.wire.asked)
	}
	a.identify()
	a.w.Header().Set("Content-Type", kind)
	a.w.Header().Set("Cache-Control", "no-store")
}

// identify says of which generation and record the answer is.
func (a *answer) identify() {
	a.w.Header().Set("Generation-Id", a.speech.wire.id)
	a.w.Header().Set("Record-Id", a.speech.g.RecordID())
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

// extend gives the client its full time to read again. It fails once the request is over, since abort may have come before.
func (a *answer) extend(ctx context.Context) error {
	if err := a.control.SetWriteDeadline(time.Now().Add(a.speech.Key.Limits.WriteTimeout)); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// abort frees a writer that waits for the client. It may be called while that one writes, once the request's context has ended.
func (a *answer) abort() { _ = a.control.SetWriteDeadline(time.Now()) } // fails only where the connection is over

// maxWhole bounds the audio of one answer that waits in memory for its end, since its client asked for its length: it is eleven
// minutes in the default format.
const maxWhole = 32 << 20

// keep has what is pending wait for the end. An answer that grows too large is refused.
func (a *answer) keep(ctx context.Context) error {
	grown := int64(len(a.pending)) - a.kept
	a.kept += grown
	fits := a.speech.srv.KeepWhole(grown)
	switch {
	case a.kept > maxWhole:
		return &protocol.Error{
			Code: protocol.CodeTextTooLong, Param: "length",
			Message: fmt.Sprintf("over %d bytes of audio, which is the most with length=known", maxWhole),
		}
	case !fits:
		return &protocol.Error{
			Code: protocol.CodeTooManyGenerations, Param: "length",
			Message: "too much audio waits in this relay for its length to be known",
		}
	}
	return a.extend(ctx)
}

// letGo gives back what keep has counted.
func (a *answer) letGo() { a.speech.srv.KeepWhole(-a.kept) }

// sendWhole sends all of it, with what is otherwise known at the end only.
func (a *answer) sendWhole(ctx context.Context, done protocol.Done) error {
	if done.Reason != string(relay.Completed) {
		return errBrokenOff // its client is gone
	}
	if a.isWAV() {
		audio.SetWAVLength(a.pending)
	}
	a.begun = true
	a.describe()
	a.tellEnd(done)
	a.w.Header().Set("Content-Length", strconv.Itoa(len(a.pending)))
	a.w.WriteHeader(http.StatusOK)
	return a.flush(ctx)
}
