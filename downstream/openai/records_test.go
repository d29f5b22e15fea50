package openai_test

import (
	"context"
	"sync"

	"voicerelay/billing"
	"voicerelay/upstream"
)

var errGone = &upstream.Error{Kind: upstream.Dropped, Message: "gone"}

// records is a ledger that keeps what is entered.
type records struct {
	mu      sync.Mutex
	entered []billing.Record
}

func (k *records) Enter(r billing.Record) func(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entered = append(k.entered, r)
	return func(context.Context) error { return nil }
}

func (k *records) Progress(billing.Progress) {}

func (k *records) Close(context.Context, billing.Record) error { return nil }

// metadata is that of all records.
func (k *records) metadata() (all []map[string]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.entered {
		all = append(all, r.Metadata)
	}
	return all
}
