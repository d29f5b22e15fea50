package livekit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay/delivery"
)

// signOfLife is how often the client hears something while a turn is spoken: it gives up after ten seconds without a message,
// though a language model may need longer for its next sentence.
const signOfLife = 4 * time.Second

// talk is the dialect on a client's connection.
type talk struct {
	// Static after newTalk.
	*session.Session
	host     *host
	metadata map[string]string
	model    string // that the query names

	settings settings // that session.create has asked for; owned by the reader

	mu       sync.Mutex // guards what follows
	turns    turns
	speaking bool   // a goroutine speaks the turns
	made     int    // generations so far
	provider string // that was heard last: the next generation stays with it
}

var (
	_ session.Talk    = (*talk)(nil)
	_ session.Speaker = (*talk)(nil)
)

func newTalk(h *host, s *session.Session, model string, metadata map[string]string) *talk {
	return &talk{
		Session: s, host: h, metadata: metadata, model: model,
		settings: settings{Model: model, Rate: defaultRate},
	}
}

// Opened says nothing: the client begins.
func (t *talk) Opened() {}

// Drains says nothing, since the dialect has no word for it. The client opens another connection when this one closes.
func (t *talk) Drains(time.Duration) {}

// Receive applies one message.
func (t *talk) Receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	if kind != websocket.MessageText {
		t.refuse(downstream.Invalid("", "messages are JSON text frames"))
		return
	}
	var m message
	refused := downstream.DecodeTolerant(data, &m)
	if refused == nil {
		refused = t.apply(ctx, &m)
	}
	if refused != nil {
		t.refuse(refused)
	}
}

// refuse answers a message by an error. Only called by the reader.
func (t *talk) refuse(err *protocol.Error) {
	t.NoteRefused(err.Code)
	t.fail(err)
}

// fail tells the client of an error, and ends the session.
func (t *talk) fail(err *protocol.Error) {
	t.Send(failureOf(t.ID, err))
	t.Conn.Shut(delivery.ClosePolicy, "after an error")
}

// apply carries a message out. Types that are not known are passed over: later clients may have more of them.
func (t *talk) apply(ctx context.Context, m *message) *protocol.Error {
	switch m.Type {
	case typeCreate:
		return t.create(ctx, m)
	case typeTranscript:
		by, refused := t.settings.with(m.GenerationConfig, m.Extra)
		if refused != nil {
			return refused
		}
		return t.speak(ctx, m.Transcript, by)
	case typeFlush:
		t.flush(ctx)
	case typeClose:
		t.Send(encode(plain{Type: "session.closed", SessionID: t.ID}))
		t.Conn.Shut(websocket.StatusNormalClosure, "closed by the client")
	case "":
		return downstream.Invalid("type", "type is missing")
	}
	return nil
}

// create takes the settings of all turns.
func (t *talk) create(ctx context.Context, m *message) *protocol.Error {
	settings, refused := created(m, t.model)
	if refused == nil {
		refused = settings.check(t.host, t.Key)
	}
	if refused != nil {
		return refused
	}
	t.settings = settings
	t.Send(encode(plain{Type: "session.created", SessionID: t.ID}))
	if m.Transcript != "" {
		return t.speak(ctx, m.Transcript, settings)
	}
	return nil
}

// speak has a text spoken after what came before it.
func (t *talk) speak(ctx context.Context, text string, by settings) *protocol.Error {
	most := t.Key.Limits.MaxTextCharacters
	t.mu.Lock()
	defer t.mu.Unlock()
	p, joined, closed := t.turns.add(text, by)
	if closed != nil && closed.g != nil {
		closed.g.FinishText()
	}
	switch {
	case p.text.Len() > most:
		return &protocol.Error{
			Code: protocol.CodeTextTooLong, Param: "transcript", Message: fmt.Sprintf("over %d characters in one turn", most),
		}
	case len(t.turns.parts) > maxParts:
		return &protocol.Error{Code: protocol.CodeTooManyGenerations, Message: "too many changes of voice wait"}
	case p.g == nil:
		t.speakTurnsLocked(ctx)
		return nil
	}
	refused := t.Append(ctx, p.g, joined, false)
	if refused != nil && refused.Code == protocol.CodeTextFinished {
		return nil // it idled meanwhile; once it has ended, the text is spoken by the next one
	}
	return refused
}

// flush ends the turn's text.
func (t *talk) flush(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	closed, over := t.turns.flush()
	if closed != nil && closed.g != nil {
		closed.g.FinishText()
	}
	if over != nil {
		t.fillLocked(over, t.settings.Rate)
		t.Send(encode(plain{Type: "done", SessionID: t.ID}))
		return
	}
	t.speakTurnsLocked(ctx)
}
