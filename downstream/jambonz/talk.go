package jambonz

import (
	"context"
	"strconv"
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
	host  *host
	asked settings

	// Owned by the reader.
	order   delivery.Turn // in which generations are spoken
	open    *relay.Generation
	text    sentences // of the open generation
	made    int       // generations so far
	strikes session.Strikes
}

var _ session.Talk = (*talk)(nil)

func newTalk(h *host, s *session.Session, asked settings) *talk {
	return &talk{Session: s, host: h, asked: asked}
}

// Opened says at which rate audio will come.
func (t *talk) Opened() { t.Send(connected(t.asked.rate)) }

// Drains says nothing, since the dialect has no word for it.
func (t *talk) Drains(time.Duration) {}

// mostStrikes is how many messages that make no sense a client may send within a minute.
const mostStrikes = 20

// Receive applies one message.
func (t *talk) Receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	refused := downstream.Invalid("", "messages are JSON text frames")
	if kind == websocket.MessageText {
		refused = t.receive(ctx, data)
	}
	if refused == nil {
		return
	}
	t.NoteRefused(refused.Code)
	t.Send(failed(refused.Message))
	if refused.Code == protocol.CodeInvalidRequest && t.strikes.Add(time.Now(), mostStrikes) {
		t.Conn.Shut(delivery.ClosePolicy, "20 messages within a minute that make no sense")
	}
}

// receive applies a text message. Types that are not known are passed over.
func (t *talk) receive(ctx context.Context, data []byte) *protocol.Error {
	var m message
	if refused := downstream.DecodeTolerant(data, &m); refused != nil {
		return refused
	}
	switch m.Type {
	case typeStream:
		return t.speak(ctx, m.Text)
	case typeFlush:
		t.flush()
	case typeStop:
		t.open = nil
		t.StopAll(relay.CauseCancelled)
	case typeKeepalive:
	case "":
		return downstream.Invalid("type", "type is missing")
	}
	return nil
}

// speak adds text to the open generation, or begins one.
func (t *talk) speak(ctx context.Context, text string) *protocol.Error {
	if text == "" {
		return nil
	}
	if t.open != nil {
		if taken, refused := t.add(ctx, t.text.join(text)); taken || refused != nil {
			return refused
		}
		t.finish()
	}
	t.text = sentences{}
	return t.begin(ctx, t.text.join(text))
}

// add adds text to the open generation. It reports false where that one takes no more: it is as long as one may be, or has ended,
// since no text came for long.
func (t *talk) add(ctx context.Context, text string) (taken bool, refused *protocol.Error) {
	refused = t.Append(ctx, t.open, text, false)
	switch {
	case refused == nil:
		return t.open.Result().Reason == "", nil // it does not end soon after it has taken text, but by a failure
	case refused.Code == protocol.CodeTextFinished, refused.Code == protocol.CodeTextTooLong:
		return false, nil
	}
	return false, refused
}

// begin begins a generation with a text.
func (t *talk) begin(ctx context.Context, text string) *protocol.Error {
	g, refused := t.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			request, refused := t.asked.request(t.host, held.Terms)
			if refused != nil {
				return nil, nil, refused
			}
			t.made++
			request.ID, request.Text = "g"+strconv.Itoa(t.made), text
			prepared, err := t.host.Services().Engine.Prepare(request, t.Heard(), held.Terms)
			return prepared, encoder{}, downstream.WireError(err)
		},
		Turn: func(*relay.Prepared) (*delivery.Turn, *protocol.Error) { return &t.order, nil },
	})
	t.open = g
	return refused
}

// flush has the open generation's text spoken to its end. An application that flushes after each sentence is ahead of its caller's
// ears; before so many generations run that one is refused, the text stays in one.
func (t *talk) flush() {
	if t.open == nil {
		return
	}
	if running, _ := t.Running(time.Now()); running >= max(1, t.Key.Limits.MaxConcurrentGenerations/2) {
		t.open.Flush()
		return
	}
	t.finish()
}

func (t *talk) finish() {
	t.open.FinishText()
	t.open = nil
}

// Accepted implements session.Talk. The client hears of the first audio.
func (t *talk) Accepted(*relay.Generation) {}

// Refused implements session.Talk.
func (t *talk) Refused(_ *relay.Generation, err *refusals.Error) { t.Send(failed(err.Message)) }

// Ended implements session.Talk. A text in which there was nothing to speak gets a moment of silence, unless another is still being
// spoken, whose audio would be parted by it.
func (t *talk) Ended(g *relay.Generation, finish func()) {
	if running, _ := t.Running(time.Now()); running == 1 && downstream.NothingSpoken(g.Result()) {
		t.SendBinary(downstream.SilenceFor(t.asked.output()))
	}
	finish()
}
