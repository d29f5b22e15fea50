package relay

import (
	"context"
	"time"
)

// awaitText waits until there is text to speak from the resume point on. It reports false if the text ends without any.
func (g *Generation) awaitText(ctx context.Context) (bool, error) {
	timer := newAlarm()
	defer timer.stop()
	for {
		ready, done, until := g.look(time.Now())
		if ready || done {
			return ready, nil
		}
		if err := g.out.wait(ctx, timer, until); err != nil {
			return false, err
		}
	}
}

// playOut waits until the client has been sent all that was spoken: until then a cancel must still find the generation. again
// reports that meanwhile another provider took over earlier in the context, so all of the text must be spoken again.
func (g *Generation) playOut(ctx context.Context, spoken ending) (end ending, again bool) {
	for ctx.Err() == nil {
		if g.attempts.isSuperseded() {
			return ending{}, true
		}
		if g.out.lane.IsDrained() {
			return spoken, false
		}
		select {
		case <-ctx.Done():
		case <-g.out.wakeup:
		}
	}
	return endingOf(context.Cause(ctx)), false
}
