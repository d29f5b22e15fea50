package elevenlabs

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

var _ session.Talk = (*talk)(nil)

// Opened implements session.Talk. The vendor says nothing first.
func (t *talk) Opened() {}

// Drains implements session.Talk. The vendor's protocol has no word for it; the close says it.
func (t *talk) Drains(time.Duration) {}

// Accepted implements session.Talk.
func (t *talk) Accepted(*relay.Generation) {}

// Receive applies one message.
func (t *talk) Receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	if kind != websocket.MessageText {
		t.Conn.Shut(delivery.CloseBinary, "messages are JSON text frames")
		return
	}
	if !utf8.Valid(data) {
		t.Conn.Shut(delivery.CloseNotUTF8, "text is not UTF-8")
		return
	}
	m, refused := readMessage(data)
	if refused == nil {
		t.apply(ctx, &m)
		return
	}
	t.sendError(refused, m.ContextID)
	t.NoteRefused(refused.Code)
	if t.strikes.Add(time.Now(), maxStrikes) {
		t.Conn.Shut(delivery.ClosePolicy, faultOf(refused).id)
	}
}

// maxStrikes is how many messages that can't be read a client may send within a minute. The vendor takes none; a program that sends
// one by mistake is told, and goes on.
const maxStrikes = 20

// apply carries a message out.
func (t *talk) apply(ctx context.Context, m *message) {
	if m.CloseSocket.Value {
		t.closeSocket()
		return
	}
	id := m.context()
	if t.single {
		id, m.ContextID = "", nil
	}
	c, dead := t.find(id)
	switch {
	case dead:
		t.takeFailed(id, m)
		return
	case c == nil && !m.opens():
		return // it keeps the connection alive, or is about what has ended meanwhile
	case c == nil:
		if c = t.begin(ctx, id, m); c == nil {
			return
		}
	}
	t.take(ctx, c, m)
}

// find is the open context of an id, or whether the id's context has failed.
func (t *talk) find(id string) (c *speechContext, dead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[id], t.dead.has(id)
}

// takeFailed takes what comes for a context that has failed. LiveKit's plugin for JavaScript goes on with it until its text ends, and
// waits for a final frame then.
func (t *talk) takeFailed(id string, m *message) {
	if !m.CloseContext.Value {
		return
	}
	t.mu.Lock()
	t.dead.remove(id)
	t.mu.Unlock()
	t.Send(finalFrame(aboutContext(m.ContextID)))
}

// begin opens a context; nil: it was refused, and the client told.
func (t *talk) begin(ctx context.Context, id string, m *message) *speechContext {
	c := &speechContext{id: m.ContextID, wire: newEncoder(m.ContextID, t.address.steady), address: &t.address, space: true}
	_, refused := t.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			return t.prepare(held, id, m.VoiceSettings, c.wire)
		},
		Entered: func(g *relay.Generation) {
			c.g = g
			t.mu.Lock()
			defer t.mu.Unlock()
			t.open[id], t.of[g] = c, c
		},
	})
	if refused == nil {
		return c
	}
	t.fail(id, c.id, refused)
	t.NoteRefused(refused.Code)
	return nil
}

// prepare makes a request to the engine for a context.
func (t *talk) prepare(held downstream.Held, id string, settings *voiceSettings, wire *encoder) (*relay.Prepared, relay.Encoder, *protocol.Error) {
	request, refused := t.address.request(t.srv, held.Terms)
	if refused != nil {
		return nil, nil, refused
	}
	request.ID = generationID(id)
	request.Speed, request.Options = settings.speed(), settings.options(held.Terms)
	limits := t.Key.Limits
	request.TextIdle = min(t.address.idle, max(limits.TextIdleTimeout, limits.IdleTimeout))
	if id != "" {
		request.Metadata["context_id"] = id
	}
	prepared, failed := t.srv.Services().Engine.Prepare(request, t.Heard(), held.Terms)
	return prepared, wire, downstream.WireError(failed)
}

// generationID is what records and logs call a context's generation: as the client does, where that is an id.
func generationID(context string) string {
	if protocol.ValidID(context) {
		return context
	}
	return "g" + rand.Text()
}

// take takes a message of an open context: its text, then the flush, then the end.
func (t *talk) take(ctx context.Context, c *speechContext, m *message) {
	if c.closed {
		if m.CloseContext.Value {
			c.g.Stop(relay.CauseCancelled) // Pipecat is interrupted after it has sent all of its text
		}
		return
	}
	if !t.addText(ctx, c, m) {
		return
	}
	t.flush(c, m)
	switch {
	case m.CloseContext.Value:
		t.close(c)
	case t.single && m.Text != nil && *m.Text == "" && !m.Flush.Value:
		c.closed = true
		c.g.FinishText()
	}
}

// addText adds a message's text; false: it was refused, and the client told. Space keeps the context open, and is not spoken.
func (t *talk) addText(ctx context.Context, c *speechContext, m *message) bool {
	if m.blank() && (m.text() == "" || c.space) {
		c.g.KeepOpen()
		return true
	}
	if !m.blank() {
		t.mu.Lock()
		c.spoke = true
		t.mu.Unlock()
	}
	more := c.join(m.text())
	c.wire.transcript.add(more)
	if refused := t.Append(ctx, c.g, more, false); refused != nil {
		c.wire.transcript.retract(more)
		t.sendError(refused, c.id)
		t.NoteRefused(refused.Code)
		return false
	}
	c.space = strings.TrimRight(more, " \t\r\n") != more
	return true
}

// flush has text spoken, where the client asks for it, or where each message is a phrase.
func (t *talk) flush(c *speechContext, m *message) {
	switch blank := m.blank(); {
	case m.Flush.Value && blank:
		if c.said != saidNothing {
			c.said = saidBareFlush
		}
	case m.Flush.Value:
		c.said = saidFlushed
	case !blank:
		c.said, c.unflushed = saidUnflushed, true
	}
	if m.Flush.Value || t.address.phrases && !m.blank() {
		c.g.Flush()
	}
}

// close ends a context's text: the rest is spoken, or the client is no longer interested in it.
func (t *talk) close(c *speechContext) {
	if c.closed {
		return
	}
	c.closed = true
	if c.cancels() {
		c.g.Stop(relay.CauseCancelled)
		return
	}
	c.g.FinishText()
}

// closeSocket ends all contexts, and the connection with the last of them.
func (t *talk) closeSocket() {
	t.mu.Lock()
	t.leaving = true
	var all []*speechContext
	for _, c := range t.open {
		all = append(all, c)
	}
	t.mu.Unlock()
	for _, c := range all {
		t.close(c)
	}
	t.leave()
}
