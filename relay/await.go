package relay

import (
	"context"
	"time"

	"voicerelay/awake"
	"voicerelay/text"
)

// settleDelay is how long after the last text a full stop at its very end counts as the end of a sentence: language models
// send a full stop and the space after it a moment apart, and "3." may go on as "3.5".
const settleDelay = 200 * time.Millisecond

// awaitText waits until there is text to speak from the resume point on. It reports false if the text ends without any.
func (g *Generation) awaitText(ctx context.Context) (bool, error) {
	timer := newAlarm()
	defer timer.stop()
	for {
		ready, done, until := g.in.look(time.Now())
		if ready || done {
			return ready, nil
		}
		if err := g.out.wait(ctx, timer, until); err != nil {
			return false, err
		}
	}
}

// look reports whether there is text to speak from the resume point on, or whether the text is done; else until is when to
// look again.
func (in *input) look(now time.Time) (ready, done bool, until time.Time) {
	in.out.mu.Lock()
	defer in.out.mu.Unlock()
	until = in.deadlineLocked(now)
	cutter := text.NewCutter(&in.text, in.out.from.Char, in.g.req.schedule(), true)
	look := in.short.now(text.Now{Idle: true, Settled: now.Sub(in.at) >= settleDelay}, now)
	if look.Least > 0 && cutter.Ready(text.Now{Idle: true, Settled: look.Settled}) {
		until = awake.Earlier(until, now.Add(in.short.after(now)))
	}
	if p, ok := cutter.Next(look); ok {
		return p.Text != "", p.Text == "", until // the text has ended without a word
	}
	if !look.Settled && cutter.Unsettled() {
		until = in.at.Add(settleDelay)
	}
	return false, cutter.Done(), until
}

// deadlineLocked is when an open text counts as finished. It finishes a text whose time has come.
func (in *input) deadlineLocked(now time.Time) time.Time {
	if in.text.Finished() || in.funds.waits() {
		return time.Time{}
	}
	deadline := in.g.engine.awake.Adjust(in.at, now).Add(in.g.req.textIdle)
	if now.Before(deadline) {
		return deadline
	}
	in.idled = true
	in.text.Finish()
	return time.Time{}
}

// schedule is how the route has text cut into pieces.
func (r *Prepared) schedule() text.Schedule {
	return text.Schedule{Gather: r.plan.ChunkSchedule, Max: r.plan.MaxPartialLength}
}

// playOut waits until the client has been sent all that was spoken: until then a cancel must still find the generation. again
// reports that meanwhile another provider took over earlier in the context, so all of the text must be spoken again.
func (g *Generation) playOut(ctx context.Context, spoken ending) (end ending, again bool) {
	for ctx.Err() == nil {
		if g.out.isSuperseded() {
			return ending{}, true
		}
		if g.out.lane.HasRoom(1) {
			return spoken, false
		}
		select {
		case <-ctx.Done():
		case <-g.out.wakeup:
		}
	}
	return endingOf(context.Cause(ctx)), false
}
