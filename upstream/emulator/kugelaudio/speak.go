package kugelaudio

import (
	"context"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// speak does the context's jobs in order until it is closed, halted or forgotten by its client.
func (k *speechContext) speak(ctx context.Context) {
	defer close(k.over)
	defer k.stop()
	for ctx.Err() == nil {
		j, ok := k.pop()
		if !ok {
			if !k.await(ctx) {
				break
			}
			continue
		}
		if k.do(ctx, j) {
			k.leave()
			return
		}
	}
	k.leave()
	// An immediate close has no final. A cancel has neither final nor context_closed: interrupted stands for both. Audio under
	// way may follow either (KugelAudio's docs, Barge-in), and a client must drop it.
	switch k.stopped() {
	case stopImmediate:
		k.sendClosed(k.conn.quirks.usageAfterImmediate)
		k.sendLate()
	case stopCancel:
		k.sendLate() // before interrupted, which the connection sends
	}
}

// await waits for a job. It reports false where the context is over.
func (k *speechContext) await(ctx context.Context) bool {
	k.mu.Lock()
	left := time.Until(k.last.Add(k.idle))
	stale := k.turn && k.buffer != ""
	if stale {
		left = min(left, time.Until(k.last.Add(k.stale)))
	}
	k.mu.Unlock()
	if left <= 0 {
		return k.lapse(stale)
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-k.wake:
	case <-timer.C:
	}
	return true
}

// lapse is what happens when the client has been quiet: a stale buffer is spoken, a turn ends, a context is gone.
// The reference tells stale buffers and idle turns apart: text without a sentence end is spoken after flush_timeout_ms and the
// turn goes on; 5 s without text end it, with a warning first (KugelAudio's docs, Turn lifecycle).
func (k *speechContext) lapse(stale bool) (goesOn bool) {
	switch {
	case stale:
		k.flushInto()
	case k.turn:
		k.send(engine.Object{"warning": "Turn ended after 5s of inactivity."})
		k.push(job{kind: jobTurn})
	// The frame is known from the SDKs only; that no context_closed follows is an assumption.
	default: // without a close of its own: the context is simply gone, and its id may be used again
		k.send(engine.Object{"context_timeout": true})
		return false
	}
	return true
}

// do does one job and reports whether it was the last.
func (k *speechContext) do(ctx context.Context, j job) (last bool) {
	switch j.kind {
	case jobSay:
		return k.say(ctx, j.text)
	case jobFinal:
		// The final says that all text before the flush has been delivered, and comes before context_closed on a graceful close
		// too (KugelAudio's docs, Multi-context).
		if k.conn.quirks.oneFinal && k.closes() {
			return false // the close's own final stands for both
		}
		k.send(engine.Object{"final": true})
	case jobClose:
		k.send(engine.Object{"final": true})
		k.leave() // before it is told: a client that has heard of it may open another in its place
		k.sendClosed(true)
		return true
	case jobFail:
		k.leave()
		code, text, _ := strings.Cut(j.text, ":")
		k.conn.sendError(code, text, k.id)
		return true
	case jobTurn:
		k.sendTurnEnd()
		return true
	}
	return false
}

// sendTurnEnd is the graceful end of a turn: no more audio, and then what it took.
// final says that there is no more audio, session_closed brings the usage. A cancelled turn has neither.
func (k *speechContext) sendTurnEnd() {
	totals := func(name string) engine.Object {
		return engine.Object{
			name: true, "total_audio_seconds": float64(k.samples) / engine.NativeRate,
			"total_text_chunks": k.chunk, "total_audio_chunks": k.frames,
		}
	}
	k.send(totals("final"))
	closed := totals("session_closed")
	closed["usage"] = k.usage()
	k.send(closed)
}
