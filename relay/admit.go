package relay

import (
	"context"
	"time"

	"voicerelay/limits"
)

// settleTimeout bounds what must happen after a generation's end, though its client may be gone: a store that takes longer
// counts as failed.
const settleTimeout = 5 * time.Second

// withdraw refuses a generation that has been admitted, and that the client has not heard of.
func (g *Generation) withdraw(ctx context.Context, grant limits.Grant, err error) {
	g.settleReservation(ctx, g.record())
	g.settleAdmission(ctx, grant)
	g.refuse(g.engine.refusal(err))
}

// settleAdmission frees what admission took, though the client may be gone.
func (g *Generation) settleAdmission(ctx context.Context, grant limits.Grant) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := grant.Settle(ctx, g.state(), g.out.lane.Taken() > 0); err != nil {
		g.log.Error().Err(err).Msg("admission not settled")
	}
}

// state is how the generation ended, for later duplicates of its idempotency key.
func (g *Generation) state() limits.State {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if g.out.phase < phaseConcluded {
		return limits.Failed // a fault of ours broke it off
	}
	return limits.State(g.done.Reason)
}

// admit asks the store that all of the tenant's connections share.
func (g *Generation) admit(ctx context.Context) (limits.Grant, error) {
	key := g.req.Key
	return g.engine.store.Admit(ctx, limits.Admission{
		Tenant:         key.Tenant,
		Key:            key.Name,
		RecordID:       g.recordID,
		GenerationID:   g.req.id,
		IdempotencyKey: g.req.idempotencyKey,
		Limits:         key.TenantLimits,
		Strict:         key.Strict,
		Window:         key.Limits.DuplicateWindow,
	})
}
