package relay

import (
	"context"
	"errors"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/relay/refusals"
)

// entryPatience bounds the wait for a generation's entry in the ledger, closePatience that for its close. A slower ledger counts
// as failed, since callers wait for it.
const (
	entryPatience = 5 * time.Second
	closePatience = 5 * time.Second
)

// enterLedger enters the generation in the ledger while its first work is done. accepted and all audio wait until the entry is safe.
func (g *Generation) enterLedger(ctx context.Context) {
	wait := g.engine.ledger.Enter(g.entry())
	g.booking.over = make(chan struct{})
	g.closing.Go(func() {
		defer close(g.booking.over)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), entryPatience)
		defer cancel()
		if err := wait(ctx); err != nil {
			g.log.Error().Err(err).Msg("generation not entered in the ledger")
			g.booking.err = refusals.Unrecorded()
			g.Stop(&StopCause{name: "no entry in the ledger", reason: Failed, err: refusals.Unrecorded()})
			return
		}
		g.client.Listener.Accepted(g)
		g.out.lane.Release()
	})
}

// awaitEntry waits until it is known whether the entry stands.
func (g *Generation) awaitEntry() error {
	<-g.booking.over
	return g.booking.err
}

// entry is what is known of the generation at its admission.
func (g *Generation) entry() billing.Record {
	if g.booking.route == "" {
		g.booking.route = g.engine.rawNames.Route(g.req.Setup, g.req.Key.Tenant, g.req.plan.Route, time.Now())
	}
	return billing.Record{
		ID:           g.recordID,
		GenerationID: g.req.id,
		Tenant:       g.req.Key.Tenant,
		Key:          g.req.Key.Name,
		SessionID:    g.client.ID,
		ContextID:    g.req.contextID,
		Route:        g.booking.route,
		AdmittedAt:   g.began,
		PriceList:    g.req.Setup.Prices().Hash(),
		Metadata:     g.req.metadata,
	}
}

// closeRecord records how the generation ended, and books what it cost. done tells whether the record is safe.
func (g *Generation) closeRecord(ctx context.Context) billing.Record {
	record := g.record()
	g.settleReservation(ctx, record)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	err := g.engine.ledger.Close(ctx, record)
	if err != nil && !errors.Is(err, errUnrecorded) {
		g.log.Error().Err(err).Msg("record not closed")
	}
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	g.done.Usage.Recorded = err == nil
	return record
}

// record is what is kept of a generation that has been concluded.
func (g *Generation) record() billing.Record {
	r := g.entry()
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	r.EndedAt = g.sinceAdmission(time.Now())
	r.Characters, r.Bytes = int64(g.in.Text().Len()), int64(len(g.in.Text().String()))
	r.Audio = audio.Duration(g.out.lane.Taken(), g.req.output.Rate)
	r.Spoken = min(int64(g.out.spokenLocked().Char), r.Characters)
	r.Outcome = billing.Outcome(g.done.Reason)
	if g.done.Err != nil {
		r.Code = string(g.done.Err.Code)
	}
	currency := g.likelyCurrencyLocked()
	for _, a := range g.attempts.all {
		r.Attempts = append(r.Attempts, a.recordLocked(currency))
	}
	return r
}
