package relay

import (
	"context"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// step is what an attempt is to do next.
type step struct {
	ended   bool
	err     error
	ordered bool
	piece   upstream.Piece
	until   time.Time // when to look again; zero: when notified
}

// step does what there is to do: takes the connection, sends pieces while there is text and room, and sees the end. If it has
// not ended, until is when to look again.
func (a *attempt) step(ctx context.Context) (until time.Time, ended bool, err error) {
	if connected, err := a.connect(ctx); err != nil || !connected {
		return time.Time{}, err != nil, err
	}
	a.takeProof()
	for {
		next := a.next(ctx, time.Now())
		switch {
		case next.ended:
			return time.Time{}, true, next.err
		case !next.ordered:
			ended, until := a.pause(time.Now())
			return awake.Earlier(next.until, until), ended, nil
		}
		a.in.Give(ctx, next.piece.Text)
		if err := a.send(ctx, next.piece); err != nil {
			return time.Time{}, true, a.lose(causeOf(ctx, err))
		}
		a.noteProgress()
	}
}

// connect takes the stream once it is open.
func (a *attempt) connect(ctx context.Context) (connected bool, err error) {
	connected, err = a.vendor.Take()
	switch {
	case err != nil:
		return false, a.lose(causeOf(ctx, err))
	case !connected:
		return false, a.failure()
	}
	return true, nil
}

// causeOf is why something failed: what ended the generation, if that came first, else the vendor's error.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// send orders a piece. The stream may wait, for a socket for example: the vendor owes the piece only after that.
func (a *attempt) send(ctx context.Context, p upstream.Piece) error {
	if !a.mayGive() {
		return nil // the next step sees the end
	}
	ctx, cancel := a.awake().WithTimeout(ctx, a.out.req.plan.StallTimeout)
	defer cancel()
	err := a.vendor.Speak(ctx, p)
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	a.speech.Sent()
	return err
}

// mayGive notes that the vendor is about to get the last piece. It reports false if the stream has ended meanwhile.
func (a *attempt) mayGive() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if !a.outcome.Over() {
		a.speech.Give()
	}
	return !a.outcome.Over()
}

// next decides what the attempt does next, and what it waits for.
func (a *attempt) next(ctx context.Context, now time.Time) step {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if ctx.Err() != nil { // no further piece, which the vendor would charge
		a.outcome.Lose(context.Cause(ctx))
	}
	if a.outcome.Over() {
		return step{ended: true, err: a.outcome.Err}
	}
	a.releaseHeldLocked(now)
	a.owner.tellMarksLocked()
	until := awake.Earlier(a.in.DeadlineLocked(now), a.heldUntilLocked(now))
	if p, ok := a.speech.Next(now); ok {
		return step{ordered: true, piece: p}
	}
	until = awake.Earlier(until, a.speech.TextDue(now))
	deadline, err := a.deadlineLocked(now)
	if a.outcome.Over() || err != nil {
		a.outcome.Lose(err)
		return step{ended: true, err: a.outcome.Err}
	}
	return step{until: awake.Earlier(until, deadline)}
}

// deadlineLocked is when the vendor must have sent something, or the error that it has not. It ends an attempt of which only the
// stream's end is missing.
func (a *attempt) deadlineLocked(now time.Time) (time.Time, error) {
	deadline, complete, err := a.speech.Deadline(now)
	if complete {
		a.drainLocked()
		a.outcome.End(a.speech.Verdict())
		err = a.outcome.Err
	}
	return deadline, err
}

// takeProof tells the circuit that its target is well, once. The failover loop calls it, since circuits must not be asked with the
// output's lock held.
func (a *attempt) takeProof() {
	a.out.mu.Lock()
	given := a.proof.Take()
	a.out.mu.Unlock()
	if given {
		a.verdict.Speaks()
	}
}
