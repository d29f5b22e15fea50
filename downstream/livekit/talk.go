package livekit

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
)

// talk is the dialect on a client's connection.
type talk struct {
	// Static after newTalk.
	*speaker
	model string // that the query names

	asked settings // by session.create, for all turns; owned by the reader
}

var _ session.Talk = (*talk)(nil)

func newTalk(h *host, s *session.Session, model string, metadata map[string]string) *talk {
	return &talk{
		speaker: &speaker{Session: s, host: h, metadata: metadata},
		model:   model,
		asked:   settings{Model: model, Rate: defaultRate},
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

// apply carries a message out. Types that are not known are passed over: later clients may have more of them.
func (t *talk) apply(ctx context.Context, m *message) *protocol.Error {
	switch m.Type {
	case typeCreate:
		return t.create(ctx, m)
	case typeTranscript:
		by, refused := t.asked.with(m.GenerationConfig, m.Extra)
		if refused != nil {
			return refused
		}
		return t.speak(ctx, m.Transcript, by)
	case typeFlush:
		t.flush(ctx, t.asked.Rate)
	case typeClose:
		t.Send(downstream.Encode(plain{Type: "session.closed", SessionID: t.ID}))
		t.Conn.Shut(websocket.StatusNormalClosure, "closed by the client")
	case "":
		return downstream.Invalid("type", "type is missing")
	}
	return nil
}

// create takes the settings of all turns.
func (t *talk) create(ctx context.Context, m *message) *protocol.Error {
	asked, refused := created(m, t.model)
	if refused == nil {
		refused = asked.check(t.host, t.Key)
	}
	if refused != nil {
		return refused
	}
	t.asked = asked
	t.Send(downstream.Encode(plain{Type: "session.created", SessionID: t.ID}))
	if m.Transcript != "" {
		return t.speak(ctx, m.Transcript, asked)
	}
	return nil
}
