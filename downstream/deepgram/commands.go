package deepgram

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// speak adds text to the open turn, or begins one. Before the first word blanks are passed over.
func (t *talk) speak(ctx context.Context, text string) {
	if text == "" {
		return
	}
	of, p := t.openTurn(text)
	if of == nil {
		return
	}
	if p != nil {
		switch refused := t.Append(ctx, p.g, text, false); {
		case refused == nil:
			t.keep(of, p, text)
			return
		case refused.Code != protocol.CodeTextFinished:
			t.dropText(refused)
			return
		}
		// Its text has paused for so long that it counted as finished: another generation goes on.
	}
	t.begin(ctx, of, text)
}

// openTurn is the turn that takes text, and its part that does; nil: none takes this text.
func (t *talk) openTurn(text string) (*turn, *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.turns.open()
	if of == nil {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		if len(t.turns) >= maxTurns {
			t.NoteRefused(protocol.CodeTooManyGenerations)
			t.send(failure(codeRate, fmt.Sprintf("%d turns wait on this connection", maxTurns)))
			return nil, nil
		}
		of = newTurn()
		t.turns = append(t.turns, of)
	}
	if of.failed {
		return nil, nil
	}
	return of, of.taking()
}

// keep notes text that was taken.
func (t *talk) keep(of *turn, p *part, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of.characters += utf8.RuneCountInString(text)
	if t.version.interrupts {
		p.text = append(p.text, text...)
	}
}

// begin starts a generation of a turn by its first text.
func (t *talk) begin(ctx context.Context, of *turn, text string) {
	p := &part{}
	_, refused := t.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			return t.prepare(of, text, held.Terms)
		},
		Turn: func(*relay.Prepared) (*delivery.Turn, *protocol.Error) {
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.order, nil
		},
		Entered: func(g *relay.Generation) {
			t.mu.Lock()
			defer t.mu.Unlock()
			p.g = g
			of.parts = append(of.parts, p)
		},
	})
	switch {
	case refused == nil:
		t.keep(of, p, text)
	case refused.Code == protocol.CodeTextTooLong:
		t.dropText(refused)
	default:
		t.NoteRefused(refused.Code)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.failLocked(of, refused)
	}
}

// prepare is a generation of a turn.
func (t *talk) prepare(of *turn, text string, on *relay.Terms) (*relay.Prepared, relay.Encoder, *protocol.Error) {
	request, refused := t.srv.request(on, t.version, t.asked)
	if refused != nil {
		return nil, nil, refused
	}
	t.mu.Lock()
	part, speed := len(of.parts), t.speed
	t.mu.Unlock()
	request.ID, request.ContextID = fmt.Sprintf("%s.%d", of.speech, part+1), t.ID
	request.Text, request.Speed = text, speed
	prepared, unable := t.srv.Services().Engine.Prepare(request, t.Heard(), on)
	if unable != nil {
		return nil, nil, downstream.WireError(unable)
	}
	e := &encoder{}
	if message := t.wire.started(of.speech); message != nil && part == 0 {
		e.started = downstream.Encode(message)
	}
	return prepared, e, nil
}

// dropText tells a client that some of its text is not spoken. The turn goes on without it.
func (t *talk) dropText(err *protocol.Error) {
	t.NoteRefused(err.Code)
	t.send(warning("TEXT_DROPPED", err.Message))
}

// flush finishes the open turn. One without text is answered all the same, in order.
func (t *talk) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch of := t.turns.open(); {
	case of != nil:
		of.flushes = 1
		t.finishLocked(of)
	case len(t.turns) == 0:
		t.turns = turns{newTurn()}
		t.turns[0].flushes, t.turns[0].finished = 1, true
	default:
		last := t.turns[len(t.turns)-1]
		if last.flushes++; last.flushes > maxFlushes {
			last.flushes = maxFlushes
			t.send(warning("EXCESSIVE_FLUSH", fmt.Sprintf("a Flush was ignored: %d wait for their answers", maxFlushes)))
		}
	}
	t.advanceLocked()
}

// maxTurns bounds the turns that wait, also those that have failed: four times what may run at once by default.
const maxTurns = 64

// maxFlushes bounds the answers that wait for one turn's end. Programs flush a turn once or twice.
const maxFlushes = 64

// close has all that was said spoken, and the connection closed after that. LiveKit's classes say Flush and Close when a listener
// interrupts, and hang up within a second: so nothing is spoken ahead any more.
func (t *talk) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase = closing
	for _, g := range t.turns.running() {
		g.Thrift()
	}
	if of := t.turns.open(); of != nil {
		t.finishLocked(of)
	}
	t.advanceLocked()
	t.leaveLocked()
}

// clear drops all that was said and is not heard yet.
func (t *talk) clear() {
	t.controls = controls{}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropLocked()
	if w, ok := t.wire.(*auraWire); ok {
		t.send(w.cleared())
	}
}
