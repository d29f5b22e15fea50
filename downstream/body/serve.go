package body

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// Endpoint answers requests by speech.
type Endpoint struct {
	On downstream.Server
	// Read finds what a request wants spoken. What it reads it bounds.
	Read func(w http.ResponseWriter, r *http.Request, key *access.Key) (Text, *protocol.Error)
	// Inner finds keys in bodies; nil: the route has no KeyInside.
	Inner *InnerKey
	// Refuse answers what could not be read.
	Refuse downstream.ErrorWriter
}

// Serve is a downstream.Handler.
func (e Endpoint) Serve(w http.ResponseWriter, r *http.Request, key *access.Key) {
	if key == nil {
		if key = e.innerKey(w, r); key == nil {
			return
		}
	}
	leave, refused := e.On.Request(key)
	if refused != nil {
		e.refuse(w, r, key, refused)
		return
	}
	defer leave()
	metrics := e.On.Services().Metrics
	metrics.Connections.Inc()
	defer metrics.Connections.Dec()
	text, refused := e.Read(w, r, key)
	if refused == nil {
		text.Key = key
		refused = answerWith(e.On, w, r, text)
	}
	if refused != nil {
		downstream.AllowTime(w) // admission may have taken all that the request began with
		named := *refused
		named.GenerationID = cmp.Or(named.GenerationID, text.ID)
		e.refuse(w, r, key, &named)
	}
}

// refuse counts a refusal and answers with it.
func (e Endpoint) refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error) {
	e.On.Refused(e.On.RemoteOf(r), err.Code, key)
	e.Refuse(w, err)
}

// answerWith speaks a text, or returns why it is refused; nothing has been written then. An answer that can't be completed ends
// as a panic that the server knows: it breaks off the body, so that no client takes it for the whole.
func answerWith(on downstream.Server, w http.ResponseWriter, r *http.Request, text Text) *protocol.Error {
	held, gone := on.Hold(text.Key)
	if gone != nil {
		return downstream.WireError(gone)
	}
	defer held.Release()
	sp, refused := newSpeech(on, r, text, held)
	if refused != nil {
		return refused
	}
	defer sp.leave()
	defer sp.stage.Close()
	refused, err := sp.run(r.Context(), newAnswer(w, sp))
	if err != nil {
		breakOff(w, r)
	}
	return refused
}

// run speaks the generation into the answer, returns why it is refused, or why the answer can't be completed. No goroutine
// outlives it.
func (sp *speech) run(ctx context.Context, a *answer) (refused *protocol.Error, err error) {
	defer a.letGo()
	ctx, sp.cancel = context.WithCancelCause(ctx)
	defer sp.cancel(nil)
	own := sp.g.Begin(context.WithoutCancel(ctx)) // ended by the generation's stop alone, which says why
	if !sp.on.Enroll(sp) {
		return downstream.GoingAway(), nil
	}
	defer sp.on.Leave(sp)
	sp.ShutWithoutKey() // which may have gone since it was shown, when no reload knew of the request yet
	sp.wg.Go(func() { sp.stage.Run(own, sp.g.Run) })
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
				sp.with.Metrics.FrameDelay.Observe(time.Since(m.Queued).Seconds())
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

// innerKey is the key in a request's body, which is there to be read again. A request without a valid one is refused; nil: so it was.
func (e Endpoint) innerKey(w http.ResponseWriter, r *http.Request) *access.Key {
	text, refused := e.Inner.read(e.On, w, r)
	if refused != nil {
		e.refuse(w, r, nil, refused)
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	key, refused := e.On.Authenticate(r, e.Inner.find(text)) // which counts what it refuses
	if refused != nil {
		if refused.Code == protocol.CodeRateLimitExceeded {
			w.Header().Set("Connection", "close") // another guess costs another connection
		}
		e.Refuse(w, refused)
		return nil
	}
	return key
}
