package elevenlabs

import (
	"context"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// speak does the jobs in order until the context ends, or ctx does with the connection.
func (k *speechContext) speak(ctx context.Context) {
	defer close(k.over)
	for ctx.Err() == nil && !k.voice.dead {
		job, halt := context.WithCancel(ctx)
		j, ok := k.pop(halt)
		switch {
		case !ok:
			k.await(ctx)
		case j.last:
			k.finish(ctx)
			halt()
			return
		default:
			k.do(ctx, job, j)
			k.rest()
		}
		halt()
	}
	k.leave()
}

// do speaks a job's text. job ends before ctx does where the context is closed over it.
// Whether a socket's contexts are spoken side by side is not documented: see engage.
func (k *speechContext) do(ctx, job context.Context, j job) {
	if j.text != "" && k.engage(job) {
		k.say(job, j.text)
		<-k.conn.engine
	}
	if k.voice.stalled {
		k.stall(ctx)
	}
	if ctx.Err() == nil && job.Err() != nil {
		k.sendLate()
	}
	if j.marks && ctx.Err() == nil && !k.voice.dead {
		k.mark()
	}
}

// mark says that all up to a flush has been spoken, where the socket says so.
func (k *speechContext) mark() {
	frame := k.conn.wire.flushed()
	if frame == nil {
		return
	}
	if k.conn.address.dialogue { // no byte of the turn comes later
		k.sendChunk(k.voice.held, nil, nil)
		k.voice.held = nil
	}
	k.conn.send(frame, k.id)
}

// engage waits until the socket's contexts leave this one its turn, and reports false where ctx ends before.
func (k *speechContext) engage(ctx context.Context) bool {
	select {
	case k.conn.engine <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// stall waits for the client to give the context up, by a close_context from now on or by leaving.
func (k *speechContext) stall(ctx context.Context) {
	k.mu.Lock()
	before := k.closes
	k.mu.Unlock()
	for {
		k.mu.Lock()
		more := k.closes > before
		k.mu.Unlock()
		if more || ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-k.wake:
		}
	}
}

// await waits for a job, and ends the context where the vendor gives up on its client.
func (k *speechContext) await(ctx context.Context) {
	k.mu.Lock()
	left := time.Until(k.heard.Add(k.conn.address.inactivity))
	k.mu.Unlock()
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-k.wake:
	case <-timer.C:
		k.lapse()
	}
}

// lapse is what follows where nothing was said to the context for too long, if that is so still.
// inactivity_timeout is 20 s, up to 180 (schema). The guide has it close contexts, and users report input_timeout_exceeded
// with a close of the socket.
func (k *speechContext) lapse() {
	k.mu.Lock()
	waits := time.Since(k.heard) < k.conn.address.inactivity
	k.mu.Unlock()
	switch {
	case waits: // for a keep-alive has come
	case k.conn.quirks.idle == "error":
		k.conn.fail(named(idle), k.id)
	default:
		k.close()
	}
}

// finish sends what the encoder still has, and the final frame.
// The final frame comes once in a context's life, after its close: LiveKit waits for it, and Pipecat's turn ends by nothing
// else. The id is free again after it.
func (k *speechContext) finish(ctx context.Context) {
	if !k.voice.stalled && k.fault.Kind != engine.Empty && k.voice.samples > 0 {
		k.sendChunk(append(k.voice.held, k.voice.encoder.End()...), nil, nil)
	}
	k.leave()
	if ctx.Err() == nil {
		k.conn.send(k.conn.wire.final(), k.id)
	}
}
