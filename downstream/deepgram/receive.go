package deepgram

import (
	"context"
	"slices"
	"time"

	"github.com/coder/websocket"
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

var (
	_ session.Talk    = (*talk)(nil)
	_ session.Speaker = (*talk)(nil)
)

// Opened sends what the client hears first.
func (t *talk) Opened() { t.send(t.wire.opened(t.ID, t.asked.model)) }

// Drains does nothing: neither version has a message for it.
func (t *talk) Drains(time.Duration) {}

// Accepted implements session.Talk: clients are not told.
func (t *talk) Accepted(*relay.Generation) {}

// Refused has a turn fail whose generation was not admitted.
func (t *talk) Refused(g *relay.Generation, err *refusals.Error) {
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
func (t *talk) Speaking(g *relay.Generation, target routing.Target, took bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, _ := t.turns.find(g)
	if of == nil {
		return
	}
	if !took {
		return
	}
	for _, later := range t.turns[slices.Index(t.turns, of)+1:].running() {
		later.Supersede(target.Provider)
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
		t.bridge(ctx)
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

// longestGap is how long a client hears nothing during a turn: LiveKit's classes take 10 s without a message for a failure, also
// where it is the language model that pauses. All clients pass over the first message when it comes again.
const longestGap = 8 * time.Second

// bridges is how often it comes again without a message of the client's: for five minutes. A client that leaves its socket unread
// is not to find hours of it.
const bridges = 38

// bridge begins to send something now and then while there are turns.
func (t *talk) bridge(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bridging || len(t.turns) == 0 {
		return
	}
	t.bridging = true
	t.Go(func() {
		ticks := time.NewTicker(longestGap)
		defer ticks.Stop()
		for left := bridges; t.goesOn(left); left-- {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
		}
	})
}

// goesOn sends the first message again, unless it is the first time, and reports whether to do it again.
func (t *talk) goesOn(left int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bridging = len(t.turns) > 0 && left > 0
	if t.bridging && left < bridges {
		t.send(t.wire.opened(t.ID, t.asked.model))
	}
	return t.bridging
}

// maxStrikes is how many messages that can't be read a client may send within a minute: the vendor takes none, but one alone
// must not end a call.
const maxStrikes = 5

func (t *talk) isClosing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase != talking
}

// apply carries a message out, or says why it is refused. Only called by the reader; it never waits.
func (t *talk) apply(ctx context.Context, m command) *protocol.Error {
	switch m.Type {
	case "Speak":
		if m.Text == nil {
			return downstream.Invalid("text", "text is missing")
		}
		t.speak(ctx, t.controls.take(*m.Text))
	case "Flush":
		t.speak(ctx, t.controls.rest())
		t.flush()
	case "Close":
		t.speak(ctx, t.controls.rest())
		t.close()
	case "Clear":
		t.clear()
	case "Interrupt":
		return t.interrupt(m.Offset)
	case "Configure":
		return t.configure(m.Speed)
	}
	return nil
}
