package deepgram

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// talk is the dialect on a client's connection.
type talk struct {
	// Static after newTalk.
	*session.Session
	srv     *host
	version *version
	asked   asked

	strikes session.Strikes // owned by the reader

	mu       sync.Mutex // guards what follows
	wire     wire
	turns    turns
	order    *delivery.Turn // of what has not been cleared
	provider string         // that spoke last, for the next turn to stay with
	speed    float64        // of turns that begin
	phase    phase
}

// phase is how far a client has gone. It only grows.
type phase int

const (
	talking phase = iota
	closing       // the client has said Close: what it has said is still spoken
	left          // it has been told that all is said
)

var (
	_ session.Talk    = (*talk)(nil)
	_ session.Speaker = (*talk)(nil)
)

func newTalk(srv *host, s *session.Session, v *version, a asked) *talk {
	return &talk{Session: s, srv: srv, version: v, asked: a, wire: v.newWire(), order: &delivery.Turn{}, speed: a.speed}
}

// Opened sends what the client hears first.
func (t *talk) Opened() { t.send(t.wire.opened(t.ID, t.asked.model)) }

// Drains does nothing: neither version has a message for it.
func (t *talk) Drains(time.Duration) {}

// send queues one of the session's own messages. All that a generation's end leads to is sent after its last audio was taken,
// and before the next turn may send, so it is in order.
func (t *talk) send(message any) { t.Send(encode(message)) }

func encode(message any) []byte {
	body, err := json.Marshal(message)
	if err != nil {
		panic(err) // never: messages are texts and finite numbers
	}
	return body
}

// Accepted implements session.Talk: clients are not told.
func (t *talk) Accepted(*relay.Generation) {}

// Refused has a turn fail whose generation was not admitted.
func (t *talk) Refused(g *relay.Generation, err *relay.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, p := t.turns.find(g)
	if of == nil {
		return
	}
	p.over = true
	t.failLocked(of, downstream.WireError(err))
	t.advanceLocked()
	t.leaveLocked()
}

// Ended sends what ends a turn with its last generation, and what waited for that.
func (t *talk) Ended(g *relay.Generation, finish func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if of, p := t.turns.find(g); of != nil {
		result := g.Result()
		p.over, p.audio = true, result.Usage.Audio
		if t.version.interrupts {
			p.reach = g.Extent()
		}
		if result.Err != nil {
			t.failLocked(of, downstream.WireError(result.Err))
		}
	}
	t.advanceLocked()
	finish()
	t.leaveLocked()
}

// Speaking has later turns stay with the provider that speaks. What waits of them unheard is spoken again by one that took over.
func (t *talk) Speaking(g *relay.Generation, provider string, took bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, _ := t.turns.find(g)
	if of == nil {
		return
	}
	t.provider = provider
	if !took {
		return
	}
	for _, later := range t.turns.after(of) {
		later.Supersede(provider)
	}
}

// Receive applies one message.
func (t *talk) Receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	if t.isClosing() {
		return // nothing counts after Close
	}
	m, known, refused := t.version.decode(kind, data)
	if refused == nil {
		refused = t.apply(ctx, m)
	}
	if refused == nil {
		return
	}
	code := codeBadData
	if !known {
		code = codeUnreadable
	}
	t.send(failure(code, refused.Message))
	t.NoteRefused(refused.Code)
	if !known && t.strikes.Add(time.Now(), maxStrikes) {
		t.Conn.Shut(delivery.CloseBinary, codeUnreadable)
	}
}

// maxStrikes is how many messages that can't be read a client may send within a minute: the vendor takes none, but one alone
// must not end a call.
const maxStrikes = 5

func (t *talk) isClosing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase != talking
}

// leaveLocked ends the session once all is spoken that its client said before its Close.
func (t *talk) leaveLocked() {
	if t.phase != closing || len(t.turns) > 0 {
		return
	}
	t.phase = left
	if message := t.wire.left(); message != nil {
		t.send(message)
	}
	t.Conn.Shut(websocket.StatusNormalClosure, "")
}
