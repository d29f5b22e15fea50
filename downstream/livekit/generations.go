package livekit

import (
	"context"
	"strconv"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// speakTurnsLocked has a goroutine speak what waits, unless one does.
func (t *talk) speakTurnsLocked(ctx context.Context) {
	if t.speaking || t.turns.next() == nil {
		return
	}
	t.speaking = true
	t.Go(func() { t.speakTurns(ctx) })
}

// speakTurns speaks one part after the other, until none waits.
func (t *talk) speakTurns(ctx context.Context) {
	for p := t.begin(ctx); p != nil; p = t.begin(ctx) {
		t.attend(p)
	}
}

// attend waits until a part has been spoken, and lets the client know meanwhile that it will be.
func (t *talk) attend(p *part) {
	alive := time.NewTicker(signOfLife)
	defer alive.Stop()
	for {
		select {
		case <-p.over:
			return
		case <-alive.C:
			t.Send(encode(plain{Type: "keepalive"})) // without a session: one would begin the client's next turn
		}
	}
}

// begin starts the generation of the next part; nil: there is none.
func (t *talk) begin(ctx context.Context) *part {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := t.turns.next(); p != nil && ctx.Err() == nil; p = t.turns.next() {
		if p.text.Len() == 0 { // a flush without a text
			t.turns.end(0, 0)
			t.Send(encode(plain{Type: "done", SessionID: t.ID}))
			continue
		}
		refused := t.startLocked(ctx, p)
		if refused == nil {
			return p
		}
		t.On.Refused(t.Remote, refused.Code, t.Key)
		t.turns = turns{}
		t.fail(refused)
	}
	t.speaking = false
	return nil
}

// startLocked starts a part's generation.
func (t *talk) startLocked(ctx context.Context, p *part) (refused *protocol.Error) {
	t.made++
	p.encoder = newEncoder(t.ID, p)
	p.g, refused = t.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			request, refused := p.by.request(t.host, held.Terms)
			if refused != nil {
				return nil, nil, refused
			}
			request.ID = "g" + strconv.Itoa(t.made)
			request.Text, request.Final, request.Metadata = p.text.Text(), p.final, t.metadata
			prepared, err := t.host.Services().Engine.Prepare(request, t.provider, held.Terms)
			return prepared, p.encoder, downstream.WireError(err)
		},
	})
	return refused
}

// Accepted implements session.Talk. The client hears of the first audio.
func (t *talk) Accepted(*relay.Generation) {}

// Refused implements session.Talk.
func (t *talk) Refused(_ *relay.Generation, err *relay.Error) {
	t.mu.Lock()
	t.abandonLocked()
	t.mu.Unlock()
	t.fail(downstream.WireError(err))
}

// abandonLocked drops all that is to be spoken. A part runs.
func (t *talk) abandonLocked() {
	close(t.turns.next().over)
	t.turns = turns{}
}

// Ended implements session.Talk.
func (t *talk) Ended(g *relay.Generation, finish func()) {
	r := g.Result()
	t.mu.Lock()
	if r.Reason == relay.Completed {
		t.completeLocked(r)
	} else {
		t.abandonLocked()
	}
	finish()
	t.mu.Unlock()
	if r.Err != nil {
		t.Conn.Shut(delivery.ClosePolicy, "after an error")
	}
}

// completeLocked takes a part out that was spoken to its end. All its audio is with the socket by now, so that what is sent here
// comes after it.
func (t *talk) completeLocked(r relay.Result) {
	p := t.turns.next()
	characters := p.text.Len()
	if r.TextIdled {
		characters = r.Usage.Characters
	}
	if t.turns.end(characters, r.Usage.Audio) {
		p.encoder.last = true
		t.fillLocked(p.turn, p.by.Rate)
	}
	close(p.over)
}

// fillLocked gives the client a moment of silence for a turn in which there was nothing to speak.
func (t *talk) fillLocked(of *turn, rate int) {
	if of.asked && of.spoken == 0 {
		t.Send(silence(t.ID, rate))
	}
}

// Speaking has the next generation stay with the provider that speaks this one.
func (t *talk) Speaking(_ *relay.Generation, provider string, _ bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.provider = provider
}
