package soniox

import (
	"context"
	"net/http"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// run speaks until all is spoken, or the stream has been cancelled, killed or broken off.
func (k *stream) run(ctx context.Context) {
	defer k.leave()
	defer k.stop()
	for {
		text, what := k.next(ctx)
		switch what {
		case nextSpeak:
			if !k.say(ctx, text) && ctx.Err() == nil && !k.old {
				return // a fault has ended it
			}
		case nextOver:
			k.finish()
			return
		default:
			k.end(what)
			return
		}
	}
}

// next is what a stream's goroutine does next.
type next int

const (
	nextSpeak     next = iota
	nextOver           // all is spoken
	nextCancelled      // the client has stopped it
	nextFailed         // by an error
	nextKilled         // no text came for too long, or it is too old
	nextGone           // the client has left
	nextWait           // nothing, for now
)

// next waits for something to do.
func (k *stream) next(ctx context.Context) (string, next) {
	for {
		text, what, left := k.ready(ctx)
		if what != nextWait {
			return text, what
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// ready is what can be done now. Where nothing can, left is for how long the stream waits for text.
// The clock begins with the config, and no figure is published: LiveKit has seen 8 to 18 s.
func (k *stream) ready(ctx context.Context) (text string, what next, left time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	left = time.Until(k.heard.Add(k.conn.patience()))
	switch {
	case k.wrong != nil:
		return "", nextFailed, 0
	case k.input == inputCancelled:
		return "", nextCancelled, 0
	case ctx.Err() != nil:
		return "", nextGone, 0
	case k.old:
		return "", nextKilled, 0
	}
	if text, k.buffer = k.cutLocked(); text != "" {
		return text, nextSpeak, 0
	}
	switch {
	case k.input == inputEnded:
		return "", nextOver, 0
	case left <= 0:
		return "", nextKilled, 0
	}
	return "", nextWait, left
}

// cutLocked is what of the text can be spoken now, and what can't.
func (k *stream) cutLocked() (text, rest string) {
	switch {
	case k.input == inputEnded:
		return k.buffer, ""
	case k.conn.quirks.hold == "stream":
		return "", k.buffer
	}
	return engine.FirstSentence(k.buffer)
}

// finish ends a stream that has spoken all of its text.
func (k *stream) finish() {
	k.leave() // a client that hears of the end may use the id again
	end := k.last
	if end == nil {
		end = make(engine.Object)
	}
	end["audio_end"] = true
	if k.conn.quirks.endAtOnce {
		end["terminated"] = true
		k.conn.send(k.id, end)
		return
	}
	k.conn.send(k.id, end)
	k.conn.terminated(k.id)
}

// end ends a stream that has not.
// terminated without audio_end looks the same whether the client or the vendor wanted it (SDK).
func (k *stream) end(why next) {
	k.mu.Lock()
	wrong := k.wrong
	k.mu.Unlock()
	switch {
	case why == nextGone:
		return
	case why == nextCancelled:
		k.sendLate()
	case why == nextKilled && k.conn.quirks.killTells:
		wrong = &failure{http.StatusRequestTimeout, "Request timeout."}
	}
	k.leave()
	if wrong != nil {
		k.conn.fail(k.id, *wrong)
	}
	k.conn.terminated(k.id)
}
