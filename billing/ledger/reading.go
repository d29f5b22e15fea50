package ledger

import (
	"context"
	"time"

	"voicerelay/billing"
)

// Records is Reader's.
func (l *Ledger) Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error) {
	return l.reader.Records(ctx, q)
}

// Unshipped is Reader's.
func (l *Ledger) Unshipped(ctx context.Context, epoch, tenant string, after int64, limit int) ([]billing.Numbered, error) {
	return l.reader.Unshipped(ctx, epoch, tenant, after, limit)
}

// Tails is Reader's.
func (l *Ledger) Tails(ctx context.Context) ([]billing.Tail, error) { return l.reader.Tails(ctx) }

// PriceList is Reader's. One that no entry names yet is known only to those who use it.
func (l *Ledger) PriceList(ctx context.Context, hash string) (*billing.PriceList, error) {
	return l.reader.PriceList(ctx, hash)
}

// PriceLists is Reader's.
func (l *Ledger) PriceLists(ctx context.Context) (map[string]string, error) {
	return l.reader.PriceLists(ctx)
}

// Sums is Reader's. What could not be written yet is told as missing.
func (l *Ledger) Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error) {
	report, err := l.reader.Sums(ctx, q)
	report.MissingSince = l.missingSince()
	return report, err
}

// missingSince is when the oldest generation was admitted whose close is kept in memory; zero: there is none.
func (l *Ledger) missingSince() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var oldest time.Time
	for i := range l.kept {
		if at := l.kept[i].AdmittedAt; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}
