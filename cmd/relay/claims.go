package main

import (
	"context"
	"fmt"
	"time"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/limits"
)

// lastingStore decides in memory, and has the ledger keep idempotency keys, so that they outlive the process.
type lastingStore struct {
	memory *limits.Memory
	ledger *ledger.Ledger
}

// newLastingStore takes back the keys that were in use when the process before ended.
func newLastingStore(ctx context.Context, l *ledger.Ledger) (*lastingStore, error) {
	secret, err := l.Secret(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := l.Claims(ctx, time.Now())
	if err != nil {
		return nil, fmt.Errorf("idempotency keys of before: %w", err)
	}
	s := &lastingStore{memory: limits.NewKeyedMemory(secret), ledger: l}
	for _, c := range claims {
		s.memory.Restore(limits.Kept{
			Tenant: c.Tenant, Hash: c.Hash, Expires: c.Expires,
			First: limits.First{GenerationID: c.GenerationID, RecordID: c.RecordID, State: stateOf(c.Outcome)},
		})
	}
	return s, nil
}

// stateOf is how clients are told of an outcome.
func stateOf(o billing.Outcome) limits.State {
	switch o {
	case billing.Completed:
		return limits.Completed
	case billing.Cancelled:
		return limits.Cancelled
	}
	return limits.Failed
}

// Admit decides as limits.Memory does, and hands the key to the ledger.
func (s *lastingStore) Admit(ctx context.Context, a limits.Admission) (limits.Grant, error) {
	grant, err := s.memory.Admit(ctx, a)
	if err != nil || a.IdempotencyKey == "" {
		return grant, err
	}
	s.ledger.Claim(ctx, ledger.Claim{
		RecordID: a.RecordID, Tenant: a.Tenant,
		Hash: s.memory.Hash(a.Tenant, a.IdempotencyKey), Expires: time.Now().Add(a.Window),
	})
	return &lastingGrant{Grant: grant, ledger: s.ledger, recordID: a.RecordID}, nil
}

// lastingGrant is a grant with an idempotency key.
type lastingGrant struct {
	limits.Grant
	ledger   *ledger.Ledger
	recordID string
}

// Heard has the key stay used though the process may die.
func (g *lastingGrant) Heard() {
	g.Grant.Heard()
	g.ledger.Heard(g.recordID)
}
