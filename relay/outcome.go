package relay

import (
	"errors"
	"time"
	"unicode/utf8"

	"voicerelay/billing"
	"voicerelay/upstream"
)

// outcome is how an attempt ended, and what it took of its vendor.
type outcome struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	heard   bool
	proof   proof
	state   attemptState
	err     error // nil while it runs, and where it did all that it was asked for
	usage   upstream.Usage
	endedAt time.Time
}

// Outcomes of an attempt.
const (
	outcomeCompleted  = "completed"
	outcomeCancelled  = "cancelled"
	outcomeFailed     = "failed"
	outcomeHedged     = "hedged"     // another was faster
	outcomeSuperseded = "superseded" // spoken anew by another voice
)

// attemptState says whether an attempt goes on.
type attemptState int

const (
	attemptRunning attemptState = iota
	attemptIdle                 // it has ended while the text paused, with nothing owed: another one of its target goes on
	attemptEnded
)

// over reports whether the attempt has ended.
func (oc *outcome) over() bool { return oc.state != attemptRunning }

// endLocked ends the attempt.
func (oc *outcome) endLocked(err error) { oc.state, oc.err = attemptEnded, err }

// failure is what the attempt ended with, nil where it goes on.
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

// lose ends the attempt from our side, and stops taking its audio. It returns what the attempt ended with: the
// vendor's own error, where there was one before, says more.
func (oc *outcome) lose(err error) error {
	oc.a.out.mu.Lock()
	defer oc.a.out.mu.Unlock()
	oc.loseLocked(err)
	return oc.err
}

func (oc *outcome) loseLocked(err error) {
	if !oc.over() {
		oc.endLocked(err)
	}
}

// failLocked ends the attempt from our side.
func (oc *outcome) failLocked(err error) {
	oc.endLocked(err)
	oc.a.out.notify()
}

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
		Audio:    oc.a.arrivals.clock.duration(),
		Cost:     cost,
	}
	used := oc.usedLocked()
	report.Requests, report.Characters = int(used.Requests), int(used.Characters)
	if report.Outcome == outcomeFailed {
		report.Code = upstream.KindOf(oc.err)
		report.Message = attemptMessage(oc.err)
	}
	return report
}

func (oc *outcome) nameLocked() string {
	var stop *StopCause
	switch {
	case oc.err == nil && oc.a.g.in.funds.short != nil:
		return outcomeCancelled // by us: it spoke what could be paid, which was not all of the text
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

// usedLocked is what the attempt took of the vendor.
func (oc *outcome) usedLocked() billing.Usage {
	used := billing.Usage{Audio: oc.a.arrivals.clock.duration()}
	for _, p := range oc.a.orders.pieces[:max(0, oc.a.orders.given-oc.usage.Withheld)] {
		if p.Text == "" {
			continue
		}
		used.Requests++
		used.Characters += int64(utf8.RuneCountInString(p.Text))
		used.Bytes += int64(len(p.Text))
	}
	return used
}

// costLocked is the vendor's own figure, else the price list's. An attempt that broke off may have cost more
// than what arrived of it.
func (oc *outcome) costLocked() billing.Cost {
	if c := oc.usage.Charge; c.Known() {
		money, err := billing.Parse(c.Decimal, c.Scale, c.Currency)
		if err == nil {
			return billing.Cost{Money: money, Source: billing.FromProvider}
		}
		oc.a.g.log.Warn().Str("provider", oc.a.target.Provider).Err(err).Msg("vendor's charge is not an amount")
	}
	used := oc.usedLocked()
	cost := oc.a.g.req.Setup.prices.Price(oc.a.target.Provider, oc.a.target.Model, used)
	if cost.Known() && cost.Money.Currency == "" {
		cost.Money.Currency = oc.a.g.likelyCurrencyLocked() // of nothing, where there is no price at all
	}
	cost.Estimated = cost.Known() && used != (billing.Usage{}) && oc.err != nil
	return cost
}
