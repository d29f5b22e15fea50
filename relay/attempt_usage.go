package relay

import (
	"cmp"
	"errors"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/relay/outcome"
	"voicerelay/relay/trace"
	"voicerelay/upstream"
)

// nameLocked is the outcome in a word.
func (a *attempt) nameLocked() string {
	var stop *StopCause
	return a.outcome.Name(a.in.ShortLocked() != nil, errors.As(a.outcome.Err, &stop))
}

// reportLocked is the attempt as clients see it.
func (a *attempt) reportLocked(cost billing.Cost) AttemptUsage {
	report := AttemptUsage{
		Provider:   a.target.Provider,
		Model:      a.target.Model,
		Outcome:    a.nameLocked(),
		Audio:      a.speech.Audio(),
		Cost:       cost,
		UpstreamID: a.upstreamIDLocked(),
	}
	used := a.usedLocked()
	report.Requests, report.Characters = int(used.Requests), int(used.Characters)
	if report.Outcome == outcome.Failed {
		report.Code = upstream.KindOf(a.outcome.Err)
		report.Message = upstream.ToldOf(a.outcome.Err)
	}
	return report
}

// upstreamIDLocked is by what the vendor's support finds the attempt: as it named its error, else as the stream is named there.
func (a *attempt) upstreamIDLocked() string {
	return cmp.Or(upstream.RequestIDOf(a.outcome.Err), a.outcome.Usage.RequestID)
}

// usedLocked is what the vendor charges for: the pieces that it was given, the audio that came, and what it says of that.
func (a *attempt) usedLocked() billing.Usage {
	used := a.speech.Used(a.outcome.Usage.Withheld)
	used.Metered = billing.Metered(a.outcome.Usage.Metered)
	return used
}

// costLocked is the vendor's own figure, else the price list's. The latter is an estimate for an attempt that failed, which
// may have cost more than what arrived of it. A price of nothing is in the given currency.
func (a *attempt) costLocked(currency string) billing.Cost {
	if c := a.outcome.Usage.Charge; c.Known() {
		money, err := billing.Parse(c.Decimal, c.Scale, c.Currency)
		if err == nil {
			return billing.Cost{Money: money, Source: billing.FromProvider}
		}
		a.out.log.Warn().Str("provider", a.target.Provider).Err(err).Msg("vendor's charge is not an amount")
	}
	used := a.usedLocked()
	cost := a.out.req.Setup.Prices().Price(a.target.Provider, a.target.Model, used)
	if cost.Known() && cost.Money.Currency == "" {
		cost.Money.Currency = currency // the price list knows none for a price of nothing
	}
	cost.Estimated = cost.Estimated || cost.Known() && used != (billing.Usage{}) && a.outcome.Err != nil
	return cost
}

// recordLocked is the attempt as it is kept, with its cost as costLocked has it.
func (a *attempt) recordLocked(currency string) billing.Attempt {
	kept := a.progressLocked()
	kept.Model, kept.Voice = a.out.engine.rawNames.Target(a.out.req.Setup, a.out.req.Key.Tenant, a.target, time.Now())
	kept.EndedAt = a.out.sinceAdmission(a.outcome.EndedAt)
	kept.Outcome = billing.Outcome(a.nameLocked())
	kept.Cost = a.costLocked(currency)
	kept.UpstreamID = a.upstreamIDLocked()
	if kept.Outcome == billing.Failed {
		kept.Code, kept.Message = string(upstream.KindOf(a.outcome.Err)), upstream.ToldOf(a.outcome.Err)
	}
	return kept
}

// progressLocked is the attempt as far as it is.
func (a *attempt) progressLocked() billing.Attempt {
	return billing.Attempt{
		Provider:  a.target.Provider,
		Model:     a.target.Model,
		Voice:     a.target.Voice,
		StartedAt: a.out.sinceAdmission(a.began),
		Usage:     a.usedLocked(),
	}
}

// noteProgress tells the ledger what the vendor was given, so that it can be priced after a crash.
func (a *attempt) noteProgress() {
	a.out.mu.Lock()
	p := billing.Progress{RecordID: a.out.recordID, Number: a.number, Attempt: a.progressLocked()}
	a.out.mu.Unlock()
	a.out.engine.ledger.Progress(p)
}

// storyLocked is what the record does not say.
func (a *attempt) storyLocked() trace.Attempt {
	s := trace.Attempt{Adapter: a.provider.Adapter, Hedges: a.hedges, Heard: a.out.sinceAdmission(a.entrance.at), Reason: a.entrance.reason}
	if s.Reason != "" {
		s.Resume, s.At = a.from, audio.Duration(a.entrance.audio, a.out.req.output.Rate)
	}
	return s
}
