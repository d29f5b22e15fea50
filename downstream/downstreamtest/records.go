package downstreamtest

import (
	"context"
	"slices"
	"sync"

	"voicerelay/billing"
	"voicerelay/server"
)

// Records is a ledger in memory.
type Records struct {
	mu      sync.Mutex
	entered []billing.Record
}

// NewRecords has no record yet.
func NewRecords() *Records { return &Records{} }

// Keep is a Change: the relay records there.
func (k *Records) Keep(_ *server.Config, parts *server.Parts) { parts.Ledger = k }

// All are the records as they were entered, in their order.
func (k *Records) All() []billing.Record {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.entered)
}

// Enter implements relay.Ledger.
func (k *Records) Enter(r billing.Record) func(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entered = append(k.entered, r)
	return func(context.Context) error { return nil }
}

// Progress implements relay.Ledger.
func (k *Records) Progress(billing.Progress) {}

// Close implements relay.Ledger.
func (k *Records) Close(context.Context, billing.Record) error { return nil }
