package inworld

import (
	"context"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// run does the context's jobs until it has been closed or cancelled, or the connection is over.
func (k *speechContext) run(ctx context.Context) {
	defer k.leave()
	defer k.stop()
	for {
		item, what := k.next(ctx)
		switch what {
		case nextJob:
			if k.do(ctx, item); k.dead && ctx.Err() == nil {
				return // a fault has ended it
			}
		case nextClosed:
			k.closed()
			return
		case nextCancelled:
			k.sendLate()
			k.closed()
			return
		default:
			return
		}
	}
}

// next is what a context's goroutine does next.
type next int

const (
	nextJob next = iota
	nextClosed
	nextCancelled
	nextGone // the connection is over
	nextWait // nothing, for now
)

// next waits for something to do.
func (k *speechContext) next(ctx context.Context) (job, next) {
	for {
		item, what, left := k.ready(ctx)
		if what != nextWait {
			return item, what
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

// ready is what can be done now. Where nothing can, left is for how long text is gathered yet, or a while.
func (k *speechContext) ready(ctx context.Context) (item job, what next, left time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.phase == phaseCancelled:
		return item, nextCancelled, 0
	case ctx.Err() != nil:
		return item, nextGone, 0
	}
	left = idleTimeout
	if k.buffer != "" && k.settings.delay > 0 {
		if left = time.Until(k.since.Add(k.settings.delay)); left <= 0 {
			k.speakLocked(k.buffer, true)
			k.buffer = ""
		}
	}
	switch {
	case len(k.jobs) > 0:
		item, k.jobs = k.jobs[0], k.jobs[1:]
		k.waiting -= characters(item.text)
		return item, nextJob, 0
	case k.phase == phaseClosing:
		return item, nextClosed, 0
	}
	return item, nextWait, left
}

// do speaks a generation, and answers.
func (k *speechContext) do(ctx context.Context, item job) {
	if item.text != "" && !k.dead {
		k.say(ctx, item)
	}
	if ctx.Err() != nil || k.dead {
		return
	}
	if item.marks {
		k.conn.send(k.id, "flushCompleted", engine.Object{})
	}
	if item.then != "" {
		k.conn.send(k.id, item.then, engine.Object{})
	}
}
