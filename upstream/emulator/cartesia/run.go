package cartesia

import (
	"context"
	"time"
)

// run speaks until all is spoken, or the context has expired, been cancelled or broken off.
func (k *speechContext) run(ctx context.Context) {
	defer k.stop()
	defer k.leave()
	for {
		item, what := k.next(ctx)
		switch what {
		case nextOver:
			k.leave() // a client that hears of the end may use the id again
			k.end(ctx)
			return
		case nextExpired:
			k.leave()
			if k.conn.quirks.expiryDone {
				k.done()
			}
			return
		}
		if !k.say(ctx, item) && !k.isCancelled() {
			return
		}
	}
}

// leave gives the context's place and id up.
func (k *speechContext) leave() {
	k.forget()
	k.conn.server.Finish(k.index)
}

// next is what a context's goroutine does next.
type next int

const (
	nextSpeak   next = iota
	nextOver         // all is spoken, or it was cancelled
	nextExpired      // nothing came in time
	nextWait         // nothing, for now
)

// next waits for something to do.
// A context expires 1 s after its last audio (Cartesia's docs), whether or not the client has ended its text. Pauses of an LLM
// are often longer.
func (k *speechContext) next(ctx context.Context) (job, next) {
	expires := time.Now().Add(expiry)
	for {
		item, what, gathered := k.ready(ctx)
		switch {
		case what != nextWait:
			return item, what
		case gathered == 0 && !k.spoke:
			gathered = idleTimeout // it expires after its audio, and there was none
		case gathered == 0:
			if gathered = time.Until(expires); gathered <= 0 {
				return item, nextExpired
			}
		}
		timer := time.NewTimer(gathered)
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// ready is what can be done now. Where nothing can, gathered is for how long text is gathered yet; 0: there is none.
func (k *speechContext) ready(ctx context.Context) (item job, what next, gathered time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	gathered = time.Until(k.since.Add(k.settings.delay))
	switch {
	case ctx.Err() != nil || k.cancelled:
		return item, nextOver, 0
	case len(k.queue) > 0:
		item, k.queue = k.queue[0], k.queue[1:]
		return item, nextSpeak, 0
	case k.last:
		return item, nextOver, 0
	case k.buffer != "" && gathered <= 0:
		item, k.buffer = job{text: k.buffer, times: k.times}, ""
		return item, nextSpeak, 0
	case k.buffer == "":
		gathered = 0
	}
	return item, nextWait, gathered
}

// end says that the context is over.
// A done before the client has ended its text would be taken for the whole: LiveKit's plugin waits for another one after it.
func (k *speechContext) end(ctx context.Context) {
	if !k.isCancelled() && ctx.Err() == nil {
		k.done()
	}
}
