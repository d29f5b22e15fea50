package body

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

// answer is the body of a speech. Until there is audio, or an end without fault, its status is open; where the client asked for
// its length, until the end.
type answer struct {
	// Static after newAnswer.
	w       http.ResponseWriter
	control *http.ResponseController
	speech  *speech
	form    Form

	// Owned by the writer.
	begun   bool   // the header is out
	pending []byte // body to send
	kept    int64  // bytes of it that wait for the end
}

func newAnswer(w http.ResponseWriter, of *speech) *answer {
	return &answer{w: w, control: http.NewResponseController(w), speech: of, form: of.text.Form}
}

// send sends a message, in the form that the client wants. The last one completes the answer.
func (a *answer) send(ctx context.Context, m *delivery.Message) error {
	heard := m.Samples > 0 || m.Audio
	if heard {
		a.pending = a.form.Audio(a.pending, m.Body())
	} else if len(m.Body()) > 0 {
		a.pending = a.form.Message(a.pending, m.Body())
	}
	if m.Last {
		return a.complete(ctx, a.speech.g.Result())
	}
	if a.speech.text.Whole {
		return a.keep(ctx)
	}
	if heard || a.begun {
		a.begin()
		return a.flush(ctx)
	}
	return nil
}

// errBrokenOff is why an answer is not completed: its speech has failed after its first byte.
var errBrokenOff = errors.New("speech broke off")

// complete ends the answer: by an error where nothing was sent, else by its trailers. Audio that broke off has no end,
// since most programs would take what there is for the whole.
func (a *answer) complete(ctx context.Context, r relay.Result) error {
	if err := a.extend(ctx); err != nil {
		return err
	}
	if !a.begun && r.Err != nil {
		a.identify()
		a.form.Refuse(a.w, downstream.WireError(r.Err))
		return nil
	}
	if a.speech.text.Fill && downstream.NothingSpoken(r) {
		silence, err := a.speech.silentFile(ctx)
		if err != nil {
			return err
		}
		a.pending = a.form.Silence(a.pending, silence)
	}
	var whole bool
	a.pending, whole = a.form.End(a.pending, r)
	if a.speech.text.Whole {
		return a.sendWhole(ctx, r)
	}
	a.begin()
	if err := a.flush(ctx); err != nil {
		return err
	}
	if !whole {
		return errBrokenOff
	}
	a.tellEnd(r)
	return nil
}

// tellEnd says how the generation ended: in trailers once the header is out, else in headers.
func (a *answer) tellEnd(r relay.Result) {
	a.w.Header().Set(trailerStatus, string(r.Reason))
	a.w.Header().Set(trailerUsage, trailerOf(downstream.WireUsage(r.Usage)))
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
	a.identify()
	a.form.Head(a.w.Header())
	a.w.Header().Set("Cache-Control", "no-store")
}

// identify says of which generation and record the answer is.
func (a *answer) identify() {
	a.w.Header().Set("Generation-Id", a.speech.id)
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
	fits := a.speech.on.KeepWhole(grown)
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
func (a *answer) letGo() { a.speech.on.KeepWhole(-a.kept) }

// sendWhole sends all of it, with what is otherwise known at the end only.
func (a *answer) sendWhole(ctx context.Context, r relay.Result) error {
	if r.Reason != relay.Completed {
		return errBrokenOff // its client is gone
	}
	if a.speech.output.Encoding == audio.WAV {
		audio.SetWAVLength(a.pending)
	}
	a.begun = true
	a.describe()
	a.tellEnd(r)
	a.w.Header().Set("Content-Length", strconv.Itoa(len(a.pending)))
	a.w.WriteHeader(http.StatusOK)
	return a.flush(ctx)
}
