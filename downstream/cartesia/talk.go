package cartesia

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
)

// talk is the dialect on a client's connection.
type talk struct {
	// Static after newTalk.
	*session.Session
	srv *host

	strikes session.Strikes // owned by the reader

	mu       sync.Mutex // guards what follows
	contexts contexts
}

var (
	_ session.Talk   = (*talk)(nil)
	_ session.Pruner = (*talk)(nil)
)

func newTalk(srv *host, s *session.Session) *talk {
	return &talk{Session: s, srv: srv, contexts: contexts{out: s.Out}}
}

// Opened implements session.Talk: the client hears nothing before it speaks.
func (t *talk) Opened() {}

// Drains implements session.Talk: there is no word for it. New contexts are refused, and the connection ends with the last one.
func (t *talk) Drains(time.Duration) {}

// Prune implements session.Pruner.
func (t *talk) Prune(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.contexts.prune(now)
}

// Receive implements session.Talk. Some clients send their JSON as bytes, which is as good.
func (t *talk) Receive(ctx context.Context, _ websocket.MessageType, data []byte) {
	m, refused := decode(data)
	if refused != nil {
		t.refuseMessage(contextOf(data), refused)
		return
	}
	if m.Cancel.Value {
		t.cancel(m.ContextID)
		return
	}
	t.apply(ctx, m)
}

// refuseMessage answers a message that can't be used. A context that takes text fails by it: its text would have a hole.
func (t *talk) refuseMessage(id string, refused *protocol.Error) {
	t.NoteRefused(refused.Code)
	if !t.failOpen(id, refused) {
		t.Send(contextError("", refused, ""))
	}
	if t.strikes.Add(time.Now(), maxStrikes) {
		t.Conn.Shut(delivery.ClosePolicy, fmt.Sprintf("%d messages within a minute that can't be used", maxStrikes))
	}
}

// maxStrikes is how many messages that can't be used a client may send within a minute: as in the relay's own protocol.
const maxStrikes = 20

// failOpen ends the utterance of an id that takes text with an error. It reports false where there is none.
func (t *talk) failOpen(id string, err *protocol.Error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	conv := t.contexts.named[id]
	if conv == nil || conv.open == nil {
		return false
	}
	u := conv.open
	u.failure = err
	t.contexts.fail(id, time.Now())
	u.g.Stop(relay.CauseCancelled)
	return true
}

// apply adds a message's text to its context, or begins one.
func (t *talk) apply(ctx context.Context, m *message) {
	open, swallowed := t.find(m)
	switch {
	case swallowed && m.Continue.Value:
	case swallowed, open == nil && m.blank() && !m.Continue.Value:
		t.Send(done(m.ContextID, http.StatusOK))
	case open == nil:
		t.begin(ctx, m)
	default:
		t.goOn(ctx, open, m)
	}
}

// find is the utterance that takes a message's text; nil: the message begins one, unless its text is swallowed. An utterance
// whose end it is takes no more.
func (t *talk) find(m *message) (open *utterance, swallowed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	conv := t.contexts.named[m.ContextID]
	if conv == nil {
		return nil, false
	}
	open, swallowed = conv.open, !conv.failed.IsZero()
	if !m.Continue.Value {
		conv.open, conv.failed = nil, time.Time{}
	}
	return open, swallowed
}

// begin starts the generation of a context's first message.
func (t *talk) begin(ctx context.Context, m *message) {
	u := &utterance{id: m.ContextID, whole: m.phrases()}
	text := m.Transcript
	if u.whole {
		text = u.phrases.Join(text)
	}
	_, refused := t.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			return t.prepare(u, m, text, held)
		},
		Turn: func(*relay.Prepared) (*delivery.Turn, *protocol.Error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.contexts.prune(time.Now())
			return &t.contexts.of(u.id).order, nil
		},
		Entered: func(g *relay.Generation) {
			t.mu.Lock()
			defer t.mu.Unlock()
			u.g = g
			t.contexts.add(u, !m.Continue.Value)
		},
	})
	if refused != nil {
		t.NoteRefused(refused.Code)
		t.fail(u.id, refused, m.Continue.Value)
		return
	}
	t.spoken(u, m)
}

// prepare looks up what a context's first message asks for.
func (t *talk) prepare(u *utterance, m *message, text string, held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
	if m.OutputFormat.Container != "raw" && m.OutputFormat.Container != "" {
		return nil, nil, downstream.Unsupported("output_format.container", "output_format.container is raw on a WebSocket")
	}
	asked, refused := t.srv.request(&m.speech, held)
	if refused != nil {
		return nil, nil, refused
	}
	asked.ID, asked.Text, asked.Final = u.id, text, !m.Continue.Value && !m.Flush.Value
	// A context lives as long as its connection: a slow language model must not lose it.
	asked.TextIdle = max(t.Key.Limits.TextIdleTimeout, t.Key.Limits.IdleTimeout)
	prepared, failed := t.srv.Services().Engine.Prepare(asked, t.Heard(), held.Terms)
	if failed != nil {
		return nil, nil, downstream.WireError(failed)
	}
	u.encoder = newEncoder(u.id, asked.Output)
	u.encoder.text.Append(text)
	return prepared, u.encoder, nil
}

// goOn adds a message's text to an utterance that takes it.
func (t *talk) goOn(ctx context.Context, u *utterance, m *message) {
	text := m.Transcript
	if m.blank() && !m.Continue.Value {
		text = ""
	}
	if u.whole {
		text = u.phrases.Join(text)
	}
	u.encoder.text.Append(text)
	refused := t.Append(ctx, u.g, text, false)
	if refused == nil {
		t.spoken(u, m)
		return
	}
	t.NoteRefused(refused.Code)
	t.mu.Lock()
	defer t.mu.Unlock()
	u.failure = refused
	if m.Continue.Value {
		t.contexts.fail(u.id, time.Now())
	}
	u.g.Stop(relay.CauseCancelled)
}

// spoken has what came so far spoken, where the client wants it, and ends the text with its last message. The text itself is there.
func (t *talk) spoken(u *utterance, m *message) {
	switch {
	case m.Flush.Value:
		u.encoder.flushes.Store(true)
		u.g.Mark()
	case u.whole && !m.blank():
		u.g.Flush()
	}
	if !m.Continue.Value {
		u.g.FinishText()
	}
}

// cancel ends a context. Of one that is not known nothing is said.
func (t *talk) cancel(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	conv := t.contexts.named[id]
	if conv == nil {
		return
	}
	conv.open, conv.failed = nil, time.Time{}
	for _, u := range conv.running {
		u.g.Stop(relay.CauseCancelled)
	}
}

// fail tells the client that a context which has no generation has failed. open: more of its text may come.
func (t *talk) fail(id string, err *protocol.Error, open bool) {
	if open {
		t.mu.Lock()
		t.contexts.fail(id, time.Now())
		t.mu.Unlock()
	}
	t.Send(contextError(id, err, ""))
	t.Send(done(id, tell(err.Code).frame))
}

// Accepted implements session.Talk: the client is not told.
func (t *talk) Accepted(*relay.Generation) {}

// Refused implements session.Talk.
func (t *talk) Refused(g *relay.Generation, err *refusals.Error) {
	t.mu.Lock()
	_, open := t.contexts.remove(g)
	t.mu.Unlock()
	t.fail(g.ID(), downstream.WireError(err), open)
}

// Ended implements session.Talk. The lock is held to the end: a client that hears of the failure by a message of its own that crosses
// it must be answered behind that.
func (t *talk) Ended(g *relay.Generation, finish func()) {
	r := g.Result()
	t.mu.Lock()
	defer t.mu.Unlock()
	u, open := t.contexts.remove(g)
	if open && r.Reason == relay.Failed {
		t.contexts.fail(g.ID(), time.Now())
	}
	if u != nil {
		u.encoder.failure = u.failure
		if first := u.encoder.before(r); first != nil {
			t.Send(first) // all audio has been sent: a session's own messages keep their order with the end
		}
	}
	finish()
}
