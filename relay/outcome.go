package relay

import (
	"cmp"
	"errors"
	"time"

	"voicerelay/billing"
	"voicerelay/upstream"
)

// Why an attempt is cancelled from our side. The vendor gets the same cancel in each case.
var (
	errBroken     = &upstream.Error{Kind: upstream.Canceled, Message: "broken off"} // a fault of ours
	errLostHedge  = &upstream.Error{Kind: upstream.Canceled, Message: "another was faster"}
	errSuperseded = &upstream.Error{Kind: upstream.Canceled, Message: "another voice speaks it anew"}
)

// outcome is how an attempt ended, and what it took of its vendor.
type outcome struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	heard   bool // the client was sent audio of it
	proof   proof
	state   attemptState
	err     error          // nil while it runs, and if it did all that it was asked for
	usage   upstream.Usage // as the vendor said at its end
	endedAt time.Time
}

// Outcomes of an attempt.
const (
	outcomeCompleted  = "completed"
	outcomeCancelled  = "cancelled"
	outcomeFailed     = "failed"
	outcomeHedged     = "hedged"     // the other of two was faster
	outcomeSuperseded = "superseded" // all of the text is spoken again by another provider
)

// attemptState says whether an attempt goes on.
type attemptState int

const (
	attemptRunning attemptState = iota
	attemptIdle                 // ended while the text paused, with nothing owed: another attempt of its target goes on
	attemptEnded
)

// over reports whether the attempt has ended.
func (oc *outcome) over() bool { return oc.state != attemptRunning }

// endLocked ends the attempt.
func (oc *outcome) endLocked(err error) { oc.state, oc.err = attemptEnded, err }

// failure is what the attempt ended with, nil while it runs.
func (oc *outcome) failure() error {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	return oc.err
}

func (oc *outcome) wasHeard() bool {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	return oc.heard
}

// lose ends the attempt from our side: its audio is no longer taken. It returns what the attempt ended with, which is the
// vendor's own error if that came before, since it says more.
func (oc *outcome) lose(err error) error {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	oc.loseLocked(err)
	return oc.err
}

// loseLocked ends the attempt, unless it has ended.
func (oc *outcome) loseLocked(err error) {
	if !oc.over() {
		oc.endLocked(err)
	}
}

// failLocked ends the attempt for a fault of its vendor's that its sink has found.
func (oc *outcome) failLocked(err error) {
	oc.endLocked(err)
	oc.a.out.notify()
}

// endedIdle reports whether another attempt of the same target must go on.
func (oc *outcome) endedIdle() bool {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	return oc.state == attemptIdle
}

// reportLocked is the attempt as clients see it.
func (oc *outcome) reportLocked(cost billing.Cost) AttemptUsage {
	report := AttemptUsage{
		Provider: oc.a.target.Provider,
		Model:    oc.a.target.Model,
		Outcome:  oc.nameLocked(),
		Audio:    oc.a.speech.Audio(),
		Cost:     cost,
	}
	report.UpstreamID = oc.upstreamIDLocked()
	used := oc.usedLocked()
	report.Requests, report.Characters = int(used.Requests), int(used.Characters)
	if report.Outcome == outcomeFailed {
		report.Code = upstream.KindOf(oc.err)
		report.Message = upstream.ToldOf(oc.err)
	}
	return report
}

// upstreamIDLocked is by what the vendor's support finds the attempt: as it named its error, else as the stream is named there.
func (oc *outcome) upstreamIDLocked() string {
	return cmp.Or(upstream.RequestIDOf(oc.err), oc.usage.RequestID)
}

// nameLocked is the outcome in a word, as clients, records and metrics have it.
func (oc *outcome) nameLocked() string {
	var stop *StopCause
	switch {
	case oc.err == nil && oc.a.g.in.ShortLocked() != nil:
		return outcomeCancelled // by us: it spoke what the budget allowed, which was not all of the text
	case oc.err == nil:
		return outcomeCompleted
	case errors.Is(oc.err, errLostHedge):
		return outcomeHedged
	case errors.Is(oc.err, errSuperseded):
		return outcomeSuperseded
	case errors.As(oc.err, &stop), upstream.KindOf(oc.err) == upstream.Canceled:
		return outcomeCancelled
	default:
		return outcomeFailed
	}
}

// usedLocked is what the vendor charges for: the pieces that it was given, and the audio that came.
func (oc *outcome) usedLocked() billing.Usage { return oc.a.speech.Used(oc.usage.Withheld) }

// costLocked is the vendor's own figure, else the price list's. The latter is an estimate for an attempt that failed, which
// may have cost more than what arrived of it.
func (oc *outcome) costLocked() billing.Cost {
	if c := oc.usage.Charge; c.Known() {
		money, err := billing.Parse(c.Decimal, c.Scale, c.Currency)
		if err == nil {
			return billing.Cost{Money: money, Source: billing.FromProvider}
		}
		oc.a.g.log.Warn().Str("provider", oc.a.target.Provider).Err(err).Msg("vendor's charge is not an amount")
	}
	used := oc.usedLocked()
	cost := oc.a.out.req.Setup.Prices().Price(oc.a.target.Provider, oc.a.target.Model, used)
	if cost.Known() && cost.Money.Currency == "" {
		cost.Money.Currency = oc.a.g.likelyCurrencyLocked() // the price list knows none for a price of nothing
	}
	cost.Estimated = cost.Known() && used != (billing.Usage{}) && oc.err != nil
	return cost
}
