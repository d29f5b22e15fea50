package relay

import (
	"context"
	"errors"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/upstream"
)

// entryPatience bounds the wait for a generation's entry in the ledger, closePatience that for its close. A slower ledger counts
// as failed, since callers wait for it.
const (
	entryPatience = 5 * time.Second
	closePatience = 5 * time.Second
)

// Ledger keeps a record of each generation, on a disk: exactly one, whatever crashes. It is safe for concurrent use.
type Ledger interface {
	// Enter hands in what is known of a generation at its admission, and does not wait. wait must be called once:
	// it returns when the entry is safe.
	Enter(entry billing.Record) (wait func(ctx context.Context) error)
	// Progress notes how an attempt stands, so that it can be priced after a crash. It never waits.
	Progress(p billing.Progress)
	// Close closes an entry, and returns when that is safe. An error means that it is not yet.
	Close(ctx context.Context, r billing.Record) error
}

// unrecorded is where there is no ledger: nothing is kept, and done says so.
type unrecorded struct{}

var errUnrecorded = errors.New("there is no ledger")

func (unrecorded) Enter(billing.Record) func(context.Context) error {
	return func(context.Context) error { return nil }
}
func (unrecorded) Progress(billing.Progress)                   {}
func (unrecorded) Close(context.Context, billing.Record) error { return errUnrecorded }

// booking is a generation's entry in the ledger, on its way.
type booking struct {
	route string        // as it is recorded
	over  chan struct{} // closed once it is known whether the entry stands
	err   error         // why it does not; read after over
}

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
			g.booking.err = Unrecorded()
			g.Stop(&StopCause{name: "no entry in the ledger", reason: Failed, err: Unrecorded()})
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

// Unrecorded refuses a generation that the ledger can't enter.
func Unrecorded() *Error {
	return &Error{Code: CodeLedgerUnavailable, Message: "the ledger can't be written"}
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
	for _, a := range g.out.attempts {
		r.Attempts = append(r.Attempts, a.outcome.recordLocked())
	}
	return r
}

// sinceAdmission is a moment of the generation by the clock as it was at its admission. The clock may be set meanwhile; the
// monotonic clock counts what has passed, so that nothing ends before it began.
func (g *Generation) sinceAdmission(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return g.began.Add(t.Sub(g.began))
}

// recordLocked is the attempt as it is kept.
func (oc *outcome) recordLocked() billing.Attempt {
	kept := oc.progressLocked()
	kept.Model, kept.Voice = oc.a.out.engine.rawNames.Target(oc.a.out.req.Setup, oc.a.out.req.Key.Tenant, oc.a.target, time.Now())
	kept.EndedAt = oc.a.g.sinceAdmission(oc.endedAt)
	kept.Outcome = billing.Outcome(oc.nameLocked())
	kept.Cost = oc.costLocked()
	kept.UpstreamID = oc.upstreamIDLocked()
	if kept.Outcome == billing.Failed {
		kept.Code, kept.Message = string(upstream.KindOf(oc.err)), upstream.ToldOf(oc.err)
	}
	return kept
}

// progressLocked is the attempt as far as it is.
func (oc *outcome) progressLocked() billing.Attempt {
	return billing.Attempt{
		Provider:  oc.a.target.Provider,
		Model:     oc.a.target.Model,
		Voice:     oc.a.target.Voice,
		StartedAt: oc.a.g.sinceAdmission(oc.a.began),
		Usage:     oc.usedLocked(),
	}
}

// noteProgress tells the ledger what the vendor was given, so that it can be priced after a crash.
func (a *attempt) noteProgress() {
	a.out.mu.Lock()
	p := billing.Progress{RecordID: a.g.recordID, Number: a.number, Attempt: a.outcome.progressLocked()}
	a.out.mu.Unlock()
	a.out.engine.ledger.Progress(p)
}
