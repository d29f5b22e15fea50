package relay

import (
	"slices"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/relay/delivery"
	"voicerelay/relay/metrics"
	"voicerelay/relay/outcome"
	"voicerelay/routing"
)

// conclude decides how the generation ends, and what it used. Nothing changes that afterwards.
func (g *Generation) conclude(end ending) {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if g.out.phase >= phaseConcluded {
		return
	}
	if g.out.phase == phaseStopped && end.reason == Completed {
		end = ending{reason: Cancelled} // the cancel came just before this
	}
	g.done = Result{
		RecordID:  g.recordID,
		Reason:    end.reason,
		Err:       end.err,
		TextIdled: g.in.IsIdledLocked() && end.reason == Completed,
		Usage:     g.usageLocked(),
	}
	g.out.phase = phaseConcluded
	if end.reason == Completed {
		g.out.tellMarksLocked(g.done.Usage.Characters, true)
		g.out.whole = g.done.Usage.Characters
	}
}

// Finish queues done. No other place does, so a generation has exactly one.
func (g *Generation) Finish() {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if g.out.phase == phaseOver {
		return
	}
	g.out.phase = phaseOver
	g.done.Spoken = g.out.spokenLocked()
	g.done.Timing = g.timingLocked(time.Now())
	g.out.lane.End(delivery.TextMessage(g.req.encoder.Ended(g.done)))
	g.logEndLocked(g.done)
	g.countLocked()
	if !g.out.stoppedAt.IsZero() {
		g.engine.metrics.Cancel.Observe(time.Since(g.out.stoppedAt).Seconds())
	}
}

// countLocked counts how the generation ended, and what it used.
func (g *Generation) countLocked() {
	code := ""
	if g.done.Err != nil {
		code = string(g.done.Err.Code)
	}
	g.engine.metrics.GenerationEnded(string(g.done.Reason), code)
	failed := func(a AttemptUsage) bool { return a.Outcome == outcome.Failed }
	if g.done.Err == nil && slices.ContainsFunc(g.done.Usage.Attempts, failed) {
		g.engine.metrics.GenerationRerouted()
	}
	for _, a := range g.done.Usage.Attempts {
		used := metrics.Used{Provider: a.Provider, Tenant: g.client.Key.Tenant, Audio: a.Audio, Characters: a.Characters}
		if a.Cost.Known() {
			used.Cost, used.Currency = a.Cost.Money.Units(), a.Cost.Money.Currency
		}
		g.engine.metrics.AttemptUsed(used)
	}
}

// usageLocked is what the generation used, over all attempts.
func (g *Generation) usageLocked() Usage {
	usage := Usage{
		Characters: g.in.Text().Len(),
		Audio:      audio.Duration(g.out.lane.Taken(), g.req.output.Rate),
		Recorded:   false, // until the ledger says otherwise
	}
	currency := g.likelyCurrencyLocked()
	var costs []billing.Cost
	for _, a := range g.attempts.all {
		cost := a.costLocked(currency)
		costs = append(costs, cost)
		usage.Attempts = append(usage.Attempts, a.reportLocked(cost))
	}
	usage.Cost = billing.Sum(costs)
	return usage
}

// timingLocked is how long the generation took until now.
func (g *Generation) timingLocked(now time.Time) Timing {
	timing := Timing{Total: now.Sub(g.began)}
	if !g.out.firstAt.IsZero() && audio.Milliseconds(g.out.lane.Taken(), g.req.output.Rate) > 0 {
		timing.Spoke, timing.FirstAudio = true, g.out.firstAt.Sub(g.began)
	}
	return timing
}

// likelyCurrencyLocked is the budget's currency, else the one in which a vendor charges; empty: neither is known.
func (g *Generation) likelyCurrencyLocked() string {
	for _, a := range g.attempts.all {
		if c := a.outcome.Usage.Charge; c.Known() && g.req.Key.Currency() == "" {
			return c.Currency
		}
	}
	return g.req.Key.Currency()
}

// logEndLocked writes the generation's one line.
func (g *Generation) logEndLocked(done Result) {
	event := g.log.Info().Stringer("remote", g.client.Remote).Str("reason", string(done.Reason)).Str("route", g.req.plan.Route).
		Int("characters", done.Usage.Characters).Int64("audio_ms", done.Usage.Audio.Milliseconds()).
		Int("attempts", len(done.Usage.Attempts)).Int64("total_ms", done.Timing.Total.Milliseconds())
	if done.Timing.Spoke {
		event = event.Int64("first_audio_ms", done.Timing.FirstAudio.Milliseconds())
	}
	if last := g.attempts.lastLocked(); last != nil {
		event = event.Str("provider", last.target.Provider).Str("model", last.target.Model)
	}
	if g.req.contextID != "" {
		event = event.Str("context_id", g.req.contextID)
	}
	if dialect := g.req.dialect(); dialect != "" {
		event = event.Str("dialect", dialect)
	}
	for i, cost := range done.Usage.Cost {
		switch {
		case !cost.Known():
		case i == 0:
			event = event.Str("cost", cost.Money.String())
		default: // in another currency, which is rare
			event = event.Str("cost_"+cost.Money.Currency, cost.Money.String())
		}
	}
	if done.Err != nil {
		event = event.Str("code", string(done.Err.Code))
		if len(done.Err.PassedOver) > 0 {
			event = event.Array("passed_over", passedOver(done.Err.PassedOver))
		}
	}
	if ids := upstreamIDs(done.Usage.Attempts); len(ids) > 0 {
		event = event.Strs("upstream_ids", ids)
	}
	event.Msg("generation ended")
}

// mostUpstreamIDs bounds a line of the log: beyond it the last ones count, of which one was heard.
const mostUpstreamIDs = 8

// upstreamIDs are by what the vendors find the attempts, in the attempts' order.
func upstreamIDs(attempts []AttemptUsage) (ids []string) {
	for _, a := range attempts {
		if a.UpstreamID != "" {
			ids = append(ids, a.UpstreamID)
		}
	}
	return ids[max(0, len(ids)-mostUpstreamIDs):]
}

// passedOver is targets that were not tried, as the log has them.
type passedOver []routing.Omission

// MarshalZerologArray implements zerolog.LogArrayMarshaler.
func (p passedOver) MarshalZerologArray(a *zerolog.Array) {
	for _, o := range p {
		a.Dict(zerolog.Dict().Str("provider", o.Provider).Str("why", string(o.Why)))
	}
}

// Result is the generation's end, once it is queued.
func (g *Generation) Result() Result {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	return g.done
}
