package livekit

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
)

// signOfLife is how often the client hears something while a turn is spoken: it gives up after ten seconds without a message,
// though a language model may need longer for its next sentence.
const signOfLife = 4 * time.Second

// speaker has a client's turns spoken, one generation after the other.
type speaker struct {
	// Static after newTalk.
	*session.Session
	host     *host
	metadata map[string]string // of all generations

	mu       sync.Mutex // guards what follows
	turns    turns
	speaking bool // a goroutine speaks the turns
	made     int  // generations so far
}

// speak has a text spoken after what came before it.
func (s *speaker) speak(ctx context.Context, text string, by settings) *protocol.Error {
	most := s.Key.Limits.MaxTextCharacters
	s.mu.Lock()
	defer s.mu.Unlock()
	p, joined, closed := s.turns.add(text, by)
	if closed != nil && closed.g != nil {
		closed.g.FinishText()
	}
	switch {
	case p == nil:
		return nil
	case s.turns.length() > most:
		return &protocol.Error{
			Code: protocol.CodeTextTooLong, Param: "transcript", Message: fmt.Sprintf("over %d characters are to be spoken", most),
		}
	case len(s.turns.parts) > maxParts:
		return &protocol.Error{Code: protocol.CodeTooManyGenerations, Message: "too many changes of voice wait"}
	case p.g == nil:
		s.speakTurnsLocked(ctx)
		return nil
	}
	refused := s.Append(ctx, p.g, joined, false)
	if refused != nil && refused.Code == protocol.CodeTextFinished {
		return nil // it idled meanwhile; once it has ended, the text is spoken by the next one
	}
	return refused
}

// flush ends the turn's text. The rate is that of the client's audio.
func (s *speaker) flush(ctx context.Context, rate int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	closed, over := s.turns.flush()
	if closed != nil && closed.g != nil {
		closed.g.FinishText()
	}
	if over != nil {
		s.fillLocked(over, rate)
		s.Send(downstream.Encode(plain{Type: "done", SessionID: s.ID}))
		return
	}
	s.speakTurnsLocked(ctx)
}

// speakTurnsLocked has a goroutine speak what waits, unless one does.
func (s *speaker) speakTurnsLocked(ctx context.Context) {
	if s.speaking || s.turns.next() == nil {
		return
	}
	s.speaking = true
	s.Go(func() { s.speakTurns(ctx) })
}

// speakTurns speaks one part after the other, until none waits.
func (s *speaker) speakTurns(ctx context.Context) {
	for p := s.begin(ctx); p != nil; p = s.begin(ctx) {
		s.attend(p)
	}
}

// attend waits until a part has been spoken, and lets the client know meanwhile that it will be.
func (s *speaker) attend(p *part) {
	alive := time.NewTicker(signOfLife)
	defer alive.Stop()
	for {
		select {
		case <-p.over:
			return
		case <-alive.C:
			s.Send(downstream.Encode(plain{Type: "keepalive"})) // without a session: one would begin the client's next turn
		}
	}
}

// begin starts the generation of the next part; nil: there is none.
func (s *speaker) begin(ctx context.Context) *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := s.turns.next(); p != nil && ctx.Err() == nil; p = s.turns.next() {
		if p.text.Len() == 0 { // a flush without a text
			s.turns.end(0, 0)
			s.Send(downstream.Encode(plain{Type: "done", SessionID: s.ID}))
			continue
		}
		refused := s.startLocked(ctx, p)
		if refused == nil {
			return p
		}
		s.On.Refused(s.Remote, refused.Code, s.Key)
		s.turns = turns{}
		s.fail(refused)
	}
	s.speaking = false
	return nil
}

// startLocked starts a part's generation.
func (s *speaker) startLocked(ctx context.Context, p *part) (refused *protocol.Error) {
	s.made++
	p.encoder = newEncoder(s.ID, p.by.Model, &p.text, p.turn.spoken)
	p.g, refused = s.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			request, refused := p.by.request(s.host, held.Terms)
			if refused != nil {
				return nil, nil, refused
			}
			request.ID = "g" + strconv.Itoa(s.made)
			request.Text, request.Final, request.Metadata = p.text.Text(), p.final, s.metadata
			prepared, err := s.host.Services().Engine.Prepare(request, s.Heard(), held.Terms)
			return prepared, p.encoder, downstream.WireError(err)
		},
	})
	return refused
}

// Accepted implements session.Talk. The client hears of the first audio.
func (s *speaker) Accepted(*relay.Generation) {}

// Refused implements session.Talk.
func (s *speaker) Refused(_ *relay.Generation, err *refusals.Error) {
	s.mu.Lock()
	s.abandonLocked()
	s.mu.Unlock()
	s.fail(downstream.WireError(err))
}

// abandonLocked drops all that is to be spoken. A part runs.
func (s *speaker) abandonLocked() {
	close(s.turns.next().over)
	s.turns = turns{}
}

// Ended implements session.Talk.
func (s *speaker) Ended(g *relay.Generation, finish func()) {
	r := g.Result()
	s.finish(r, finish)
	if r.Err != nil {
		s.Conn.Shut(delivery.ClosePolicy, "after an error")
	}
}

// finish takes out the part that has ended.
func (s *speaker) finish(r relay.Result, finish func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Reason == relay.Completed {
		s.completeLocked(r)
	} else {
		s.abandonLocked()
	}
	finish()
}

// completeLocked takes a part out that was spoken to its end. All its audio is with the socket by now, so that what is sent here
// comes after it.
func (s *speaker) completeLocked(r relay.Result) {
	p := s.turns.next()
	characters := p.text.Len()
	if r.TextIdled {
		characters = r.Usage.Characters
	}
	if s.turns.end(characters, r.Usage.Audio) {
		p.encoder.last = true
		s.fillLocked(p.turn, p.by.Rate)
	}
	close(p.over)
}

// fillLocked gives the client a moment of silence for a turn in which there was nothing to speak.
func (s *speaker) fillLocked(of *turn, rate int) {
	if of.asked && of.spoken == 0 {
		s.Send(silence(s.ID, rate))
	}
}

// fail tells the client of an error, and ends the session.
func (s *speaker) fail(err *protocol.Error) {
	s.Send(failureOf(s.ID, err))
	s.Conn.Shut(delivery.ClosePolicy, "after an error")
}
