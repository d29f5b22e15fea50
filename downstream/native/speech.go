package native

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay"

	"voicerelay/relay/delivery"

	"github.com/voicerelay/voicerelay/client/protocol"
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

// speak serves POST /v1/speech.
func (srv *host) speak(w http.ResponseWriter, r *http.Request, key *access.Key) {
	leave, refused := srv.Request(key)
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	defer leave()
	srv.with.Metrics.Connections.Inc()
	defer srv.with.Metrics.Connections.Dec()
	form, refused := bodyFormOf(r)
	if refused == nil {
		var cmd *protocol.Generate
		if cmd, refused = readSpeech(w, r, key.Limits.MaxMessageBytes); refused == nil {
			refused = srv.answer(w, r, speechRequest{key, cmd, form, srv.RemoteOf(r)})
		}
	}
	if refused != nil {
		downstream.AllowTime(w) // admission may have taken all that the request began with
		srv.Refuse(w, r, key, refused)
	}
}

// speechRequest is what a request asks for.
type speechRequest struct {
	key    *access.Key
	cmd    *protocol.Generate
	form   bodyForm
	remote netip.Addr
}

// answer speaks what a request asks for, or returns why it is refused; nothing has been written then. An answer that can't
// be completed ends as a panic that the server knows: it breaks off the body, so that no client takes it for the whole.
func (srv *host) answer(w http.ResponseWriter, r *http.Request, what speechRequest) *protocol.Error {
	held := srv.Hold(what.key)
	defer held.Release()
	sp, refused := srv.newSpeech(what, held)
	if refused == nil {
		defer sp.leave()
		var err error
		if refused, err = sp.run(r.Context(), newAnswer(w, sp)); err != nil {
			breakOff(w, r)
		}
	}
	if refused == nil {
		return nil
	}
	named := *refused
	named.GenerationID = what.cmd.GenerationID
	return &named
}

// newSpeech has its generation, which does not run yet, and a place for it.
func (srv *host) newSpeech(what speechRequest, held downstream.Held) (*speech, *protocol.Error) {
	sp := &speech{
		Client: srv.with.Engine.NewClient(what.key), srv: srv, form: what.form, refusal: make(chan *protocol.Error, 1), wakeup: make(chan struct{}, 1),
	}
	sp.Remote, sp.Listener, sp.Out = what.remote, sp, delivery.NewOutbox(sp, srv.with.Backlog)
	on := held.Terms
	if on == nil {
		return nil, downstream.WireError(relay.KeyGone())
	}
	leave, err := held.Quota.Enter()
	if err != nil {
		return nil, err
	}
	cmd := *what.cmd
	if cmd.GenerationID == "" {
		cmd.GenerationID = "g" + rand.Text()
	}
	req, refused := srv.with.Engine.Prepare(requestOf(&cmd), "", on)
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

// run speaks the generation into the answer, returns why it is refused, or why the answer can't be completed. No goroutine
// outlives it.
func (sp *speech) run(ctx context.Context, a *answer) (refused *protocol.Error, err error) {
	defer a.letGo()
	ctx, sp.cancel = context.WithCancelCause(ctx)
	defer sp.cancel(nil)
	own := sp.g.Begin(context.WithoutCancel(ctx)) // ended by the generation's stop alone, which says why
	if !sp.srv.Enroll(sp) {
		return downstream.GoingAway(), nil
	}
	defer sp.srv.Leave(sp)
	sp.ShutWithoutKey() // which may have gone since it was shown, when no reload knew of the request yet
	sp.wg.Go(func() { sp.g.Run(own) })
	over := make(chan struct{})
	sp.wg.Go(func() { sp.attend(ctx, over, a) })
	if refused, err = sp.write(ctx, a); err != nil {
		sp.cancel(err)
	}
	close(over)
	if err != nil || refused != nil {
		sp.g.Stop(relay.CauseGone)
		sp.Out.Close()
	}
	sp.wg.Wait()
	return refused, err
}

// attend ends the generation at once when its client leaves before the answer is over.
func (sp *speech) attend(ctx context.Context, over <-chan struct{}, a *answer) {
	select {
	case <-over:
	case <-ctx.Done():
		sp.g.Stop(relay.CauseGone)
		a.abort()
	}
}

// write is the answer's one writer. It returns once the answer is complete, or why there is none.
func (sp *speech) write(ctx context.Context, a *answer) (refused *protocol.Error, err error) {
	var next []*delivery.Message
	for {
		// One at a time: what has been taken counts as sent.
		if next = sp.Out.Take(next[:0], 1); len(next) > 0 {
			m := next[0]
			last := m.Last
			err := a.send(ctx, m)
			if !m.Queued.IsZero() {
				sp.srv.with.Metrics.FrameDelay.Observe(time.Since(m.Queued).Seconds())
			}
			m.Release()
			if errors.As(err, &refused) {
				return refused, nil
			}
			if last || err != nil {
				return nil, err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case refused := <-sp.refusal:
			return refused, nil
		case <-sp.wakeup:
		}
	}
}

// breakOff ends an answer so that its client sees that it is not whole: a body in chunks gets no last chunk, a stream of
// HTTP/2 is reset. HTTP/1.0 has only the connection's end to say so, which must be a reset then. It does not return.
func breakOff(w http.ResponseWriter, r *http.Request) {
	if !r.ProtoAtLeast(1, 1) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = delivery.ResetConn(conn) // it is over either way
		}
	}
	panic(http.ErrAbortHandler)
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
