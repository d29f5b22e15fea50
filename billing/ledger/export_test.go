package ledger

import (
	"context"

	"voicerelay/billing"
)

// Admit writes an entry and waits until it is on the disk: Enter and its wait in one.
func (l *Ledger) Admit(ctx context.Context, entry billing.Record) error { return l.Enter(entry)(ctx) }
