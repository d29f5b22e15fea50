package body

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/audio/codec"
	"voicerelay/downstream"
	"voicerelay/downstream/compress"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

// Text is a text to be spoken as an answer.
type Text struct {
	// ID is the client's name for it, where it gives one; refusals bear it.
	ID string
	// Key is whose it is; Serve sets it.
	Key *access.Key
	// Ask says what is to be spoken, by the configuration that is held for it. A generation without an id gets one.
	Ask func(held downstream.Held) (relay.Request, *protocol.Error)
	// Form is how the answer looks.
	Form Form
	// Own: it is of the relay's own protocol, whose texts over HTTP share a bound of their own.
	Own bool
	// Whole has the audio wait for its end, so that its length goes before it.
	Whole bool
	// Fill has a text in which there is nothing to speak answered with a moment of silence.
	Fill bool
}

// speech is one text on its way: a client with a single generation, which it gets as the answer's body. Its connection is
// its life: one that ends before the answer cancels.
type speech struct {
	// Static after newSpeech.
	relay.Client
	on      downstream.Server
	with    downstream.Services
	text    Text
	id      string
	output  audio.Format
	kbps    int // of a compressed output
	codecs  *codec.Set
	stage   *compress.Stage // nil: the client gets samples
	g       *relay.Generation
	leave   func()               // gives its place in the key's quota back
	refusal chan *protocol.Error // holds why the generation was not admitted, if so
	wakeup  chan struct{}        // holds one token while there may be something to send
	cancel  context.CancelCauseFunc

	wg sync.WaitGroup // every goroutine of this request
}

// newSpeech has its generation, which does not run yet, and a place for it.
func newSpeech(on downstream.Server, r *http.Request, text Text, held downstream.Held) (*speech, *protocol.Error) {
	with := on.Services()
	sp := &speech{
		Client: with.Engine.NewClient(text.Key), on: on, with: with, text: text, codecs: held.Codecs, refusal: make(chan *protocol.Error, 1), wakeup: make(chan struct{}, 1),
	}
	sp.Remote, sp.Trace = on.RemoteOf(r), downstream.TraceOf(r)
	sp.Listener, sp.Out = sp, delivery.NewOutbox(sp, with.Backlog)
	enter := held.Quota.EnterOther
	if text.Own {
		enter = held.Quota.Enter
	}
	leave, err := enter()
	if err != nil {
		return nil, err
	}
	prepared, err := sp.prepare(with.Engine, held)
	if err == nil {
		err = held.Quota.Pace(time.Now())
	}
	if err == nil {
		sp.stage, err = compress.Open(r.Context(), held.Codecs, prepared)
	}
	if err != nil {
		leave()
		return nil, err
	}
	sp.leave, sp.g = leave, sp.NewGeneration(prepared, text.Form.Encoder(), nil)
	sp.stage.Attach(sp.g)
	return sp, nil
}

// silentFile is a moment of silence as the answer's body, with the header of its container.
func (sp *speech) silentFile(ctx context.Context) ([]byte, error) {
	switch silence := downstream.SilenceFor(sp.output.Samples()); {
	case sp.output.Encoding == audio.WAV:
		return append(audio.WAVHeader(sp.output.Rate), silence...), nil
	case sp.output.Compressed():
		return sp.codecs.Compress(ctx, codec.Format{Format: sp.output, Kbps: sp.kbps}, silence)
	default:
		return silence, nil
	}
}

// prepare looks up what is asked for.
func (sp *speech) prepare(engine *relay.Engine, held downstream.Held) (*relay.Prepared, *protocol.Error) {
	request, err := sp.text.Ask(held)
	if err != nil {
		return nil, err
	}
	request.ID = cmp.Or(sp.text.ID, request.ID, "g"+rand.Text())
	sp.id, sp.output, sp.kbps = request.ID, request.Output, request.Kbps
	prepared, refused := engine.Prepare(request, routing.Target{}, held.Terms)
	return prepared, downstream.WireError(refused)
}

// Wake has the writer look.
func (sp *speech) Wake() {
	select {
	case sp.wakeup <- struct{}{}:
	default:
	}
}

// WriteDirect sends nothing, since a body can't be written without waiting for the client.
func (sp *speech) WriteDirect() bool { return false }

// Accepted tells the client where it takes messages.
func (sp *speech) Accepted(g *relay.Generation) {
	sp.with.Metrics.Active.Inc()
	if message := sp.text.Form.Accepted(g); message != nil {
		sp.Out.Send(delivery.TextMessage(message))
	}
}

// Refused has the answer be an error.
func (sp *speech) Refused(_ *relay.Generation, err *refusals.Error) {
	sp.refusal <- downstream.WireError(err)
}

// Ended sends the generation's end.
func (sp *speech) Ended(g *relay.Generation) {
	sp.leave()
	g.Finish()
	sp.with.Metrics.Active.Dec()
}

// Speaking does nothing: a context belongs to its connection, and there is no other generation on this one.
func (sp *speech) Speaking(*relay.Generation, routing.Target, bool) {}

// Drain does nothing: an answer under way may end within the grace.
func (sp *speech) Drain(time.Duration) {}

func (sp *speech) StopAll(cause *relay.StopCause) { sp.g.Stop(cause) }

func (sp *speech) Cut() { sp.cancel(downstream.ErrDrained) }

func (sp *speech) ShutWithoutKey() {
	if !sp.on.KeyHolds(sp.Key) {
		sp.g.Stop(relay.CauseKeyGone)
	}
}

// SendAway does nothing: a request under way gets its answer, whatever that is.
func (sp *speech) SendAway(time.Duration) {}
