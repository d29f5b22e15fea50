package native

import (
	"context"
	"crypto/rand"
	"net/netip"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// speech is one POST /v1/speech: a client with a single generation, which it gets as the answer's body. Its connection is
// its life: one that ends before the answer cancels.
type speech struct {
	// Static after newSpeech.
	relay.Client
	srv     *host
	form    bodyForm
	wire    encoder
	g       *relay.Generation
	leave   func()               // gives its place in the key's quota back
	refusal chan *protocol.Error // holds why the generation was not admitted, if so
	wakeup  chan struct{}        // holds one token while there may be something to send
	cancel  context.CancelCauseFunc

	wg sync.WaitGroup // every goroutine of this request
}

// speechRequest is what a request asks for.
type speechRequest struct {
	key    *access.Key
	cmd    *protocol.Generate
	form   bodyForm
	remote netip.Addr
}

// newSpeech has its generation, which does not run yet, and a place for it.
func (srv *host) newSpeech(what speechRequest, held downstream.Held) (*speech, *protocol.Error) {
	sp := &speech{
		Client: srv.with.Engine.NewClient(what.key), srv: srv, form: what.form, refusal: make(chan *protocol.Error, 1), wakeup: make(chan struct{}, 1),
	}
	sp.Remote, sp.Listener, sp.Out = what.remote, sp, delivery.NewOutbox(sp, srv.with.Backlog)
	leave, err := held.Quota.Enter()
	if err != nil {
		return nil, err
	}
	cmd := *what.cmd
	if cmd.GenerationID == "" {
		cmd.GenerationID = "g" + rand.Text()
	}
	req, refused := srv.with.Engine.Prepare(requestOf(&cmd), "", held.Terms)
	if err = downstream.WireError(refused); err == nil {
		err = held.Quota.Pace(time.Now())
	}
	if err != nil {
		leave()
		return nil, err
	}
	sp.wire = encoder{id: cmd.GenerationID, asked: outputOf(cmd.Settings)}
	encoder := relay.Encoder(bareEncoder{})
	if sp.form == bodyLines {
		encoder = &sp.wire
	}
	sp.leave, sp.g = leave, sp.NewGeneration(req, encoder, nil)
	return sp, nil
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

// Accepted tells the client where it takes messages; another is told by a header.
func (sp *speech) Accepted(g *relay.Generation) {
	sp.srv.with.Metrics.Active.Inc()
	if sp.form == bodyLines {
		sp.Out.Send(delivery.TextMessage(protocol.Encode(protocol.Accepted{GenerationID: g.ID(), RecordID: g.RecordID()})))
	}
}

// Refused has the answer be an error.
func (sp *speech) Refused(_ *relay.Generation, err *relay.Error) {
	sp.refusal <- downstream.WireError(err)
}

// Ended sends the generation's done.
func (sp *speech) Ended(g *relay.Generation) {
	sp.leave()
	g.Finish()
	sp.srv.with.Metrics.Active.Dec()
}

// Speaking does nothing: a context belongs to its connection, and there is no other generation on this one.
func (sp *speech) Speaking(*relay.Generation, string, bool) {}

// Drain does nothing: an answer under way may end within the grace.
func (sp *speech) Drain(time.Duration) {}

func (sp *speech) StopAll(cause *relay.StopCause) { sp.g.Stop(cause) }

func (sp *speech) Cut() { sp.cancel(downstream.ErrDrained) }

func (sp *speech) ShutWithoutKey() {
	if !sp.srv.KeyHolds(sp.Key) {
		sp.g.Stop(relay.CauseKeyGone)
	}
}

// SendAway does nothing: a request under way gets its answer, whatever that is.
func (sp *speech) SendAway(time.Duration) {}
