package kugelaudio

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Times of a turn, from the reference.
const (
	turnIdle = 5 * time.Second        // without text, after which a turn ends
	stale    = 500 * time.Millisecond // without text, after which a buffer without a sentence end is spoken
)

// stream serves /ws/tts/stream: text as it comes, one turn after the other.
// close_socket ends the connection here. What becomes of a turn under way is not documented: here it is dropped.
func (c *connection) stream(ctx context.Context) {
	defer c.stopAll()
	var turn *speechContext // the one that takes text; nil: none
	for {
		data, ok := c.read()
		if !ok {
			return
		}
		var f frame
		settings := c.session.clone()
		if json.Unmarshal(data, &f) != nil || json.Unmarshal(data, &settings) != nil {
			c.sendError("VALIDATION_ERROR", "Invalid request", "")
			continue
		}
		if fault := settings.fault(); fault != "" {
			c.sendError("VALIDATION_ERROR", fault, "")
			continue
		}
		c.session = settings
		if f.CloseSocket {
			_ = c.conn.Close(websocket.StatusNormalClosure, "") // the client may have gone
			return
		}
		turn = c.streamFrame(ctx, turn, f)
	}
}

// streamFrame applies a frame and returns the turn that takes text from now on.
// flush, close and end_session all end a turn and leave the socket open: one flush is one billed session (KugelAudio's docs,
// Turn lifecycle). The first text after that opens the next turn.
func (c *connection) streamFrame(ctx context.Context, turn *speechContext, f frame) *speechContext {
	switch {
	case f.Cancel:
		c.cancelContexts("")
		return nil
	case f.Update != nil:
		settings, fault := c.update(f.Update)
		if fault != "" {
			c.sendError("VALIDATION_ERROR", fault, "")
			return turn
		}
		c.send(engine.Object{"settings_updated": true, "settings": settings})
	}
	if turn != nil && turn.isOver() {
		turn = nil
	}
	if f.Text != nil && *f.Text != "" {
		if turn == nil {
			turn = c.openTurn(ctx)
		}
		turn.touch()
		turn.take(*f.Text)
	}
	if !f.Flush && !f.Close && !f.EndSession {
		return turn
	}
	if turn == nil {
		// SDKs wait up to 30 s for a session_closed after close. That it comes with zeros where no turn is open is an
		// assumption.
		if f.Close || f.EndSession {
			c.send(engine.Object{"session_closed": true, "total_audio_seconds": 0, "total_text_chunks": 0, "total_audio_chunks": 0})
		}
		return nil
	}
	turn.flushInto()
	turn.push(job{kind: jobTurn})
	return nil
}

// openTurn begins a turn, which speaks once those before it have ended.
// Turns may be sent ahead: the JavaScript SDK does so and expects the answers in order. The vendor's queue is an assumption.
func (c *connection) openTurn(ctx context.Context) *speechContext {
	before := c.all()
	k := newSpeechContext(&c.line, "", frame{Voice: &voiceSettings{VoiceID: c.session.VoiceID}})
	k.leave = func() { c.remove(k) }
	k.turn, k.idle, k.stale = true, turnIdle, stale
	if c.session.FlushTimeout > 0 {
		k.stale = time.Duration(c.session.FlushTimeout) * time.Millisecond
	}
	k.index = c.server.Begin("")
	ctx, k.stop = context.WithCancel(ctx)
	c.mu.Lock()
	c.turns++
	c.contexts[string(rune(c.turns))] = k
	c.mu.Unlock()
	c.wg.Go(func() {
		for _, b := range before {
			<-b.over
		}
		k.speak(ctx)
	})
	return k
}
