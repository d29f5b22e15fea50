package relay

import (
	"context"
	"errors"
	"time"

	"voicerelay/billing"
	"voicerelay/relay/input"
	"voicerelay/relay/refusals"
)

// Append adds text, or refuses it whole. mustFund says that the caller must have fund run.
func (g *Generation) Append(more string, final bool, limit int) (mustFund bool, err *refusals.Error) {
	mustFund, refused := g.in.Append(more, final, limit)
	switch {
	case errors.Is(refused, input.ErrFinished):
		return false, &refusals.Error{Code: refusals.CodeTextFinished, Message: refused.Error()}
	case refused != nil:
		return false, refusals.TextTooLong(limit)
	}
	return mustFund, nil
}

// Flush has all text so far spoken, also what would wait for more.
func (g *Generation) Flush() {
	g.in.Flush(0)
	g.out.notify()
}

// KeepOpen says that there is no more text yet, and that some may come: the time that an open text may be idle begins anew.
func (g *Generation) KeepOpen() { g.in.KeepOpen() }

// FinishText says that no more text comes.
func (g *Generation) FinishText() {
	g.in.Finish()
	g.out.notify()
}

// Fund pays for text that waits for it. It is called where Append says so, once, by a goroutine that may wait.
func (g *Generation) Fund(ctx context.Context) {
	defer func() {
		if fault := recover(); fault != nil {
			_ = g.out.stopForFault("panic while text was paid", fault)
		}
	}()
	for err := g.in.Fund(ctx); err != nil; err = g.in.Fund(ctx) { // once it is stopped, no text waits
		g.Stop(&StopCause{name: "budget unknown", reason: Failed, err: g.engine.refusal(err)})
	}
}

// reserve reserves the price of the text that is known, or fails if the budget has too little left.
func (g *Generation) reserve(ctx context.Context) error {
	mustFund, err := g.in.Reserve(ctx, g.req.text)
	if mustFund {
		g.Fund(ctx)
	}
	return err
}

// settleReservation books what was spent in place of what was reserved, though the client may be gone.
func (g *Generation) settleReservation(ctx context.Context, record billing.Record) {
	if err := g.in.Settle(ctx, record); err != nil {
		g.log.Error().Err(err).Msg("budget not settled")
	}
}

// endPaid is how a generation ends that was spoken: as failed if its text was cut short by the budget.
func (g *Generation) endPaid(end ending) ending {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if short := g.in.ShortLocked(); short != nil && end.reason == Completed {
		return ending{reason: Failed, err: refusals.QuotaExceeded(short)}
	}
	return end
}

// look reports whether there is text to speak from the resume point on, or whether the text is done; else until is when to
// look again.
func (g *Generation) look(now time.Time) (ready, done bool, until time.Time) {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	return g.in.LookLocked(g.out.from.Char, now)
}
