package ship

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// Verdict is what a comparison of a ledger with Redis found.
type Verdict struct {
	// Records were compared; Hours had their sums made anew.
	Records, Hours int64
	// Faults says what does not agree, at most maxFaults of it.
	Faults []string
	// More counts the faults that are not listed.
	More int64
}

// maxFaults keeps a thoroughly broken Redis from filling memory.
const maxFaults = 100

// verifyPage is how many records are compared, or read of a stream, at a time.
const verifyPage = 256

// Verify holds a ledger against Redis: each record up to its marks is there once and the same, and every tenant's hourly
// sums are those of its records, whichever relay they came from. It may run beside relays. Retention is that of the
// shipper: what is older need not be there.
func (r *Reports) Verify(ctx context.Context, out Outbox, retention time.Duration) (Verdict, error) {
	v := verifier{reports: r, out: out, since: floorHour(time.Now().Add(-retention)) + 1}
	tails, err := out.Tails(ctx)
	if err != nil {
		return v.verdict, fmt.Errorf("read tails: %w", err)
	}
	for _, tail := range tails {
		if err := v.stream(ctx, tail); err != nil {
			return v.verdict, fmt.Errorf("compare records: %w", err)
		}
	}
	tenants, err := r.tenants(ctx, "")
	if err != nil {
		return v.verdict, err
	}
	for _, tenant := range tenants {
		if err := v.sums(ctx, tenant); err != nil {
			return v.verdict, fmt.Errorf("compare sums: %w", err)
		}
	}
	return v.verdict, nil
}

type verifier struct {
	reports *Reports
	out     Outbox
	since   int64 // first hour that has not been over for the retention
	verdict Verdict
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.verdict.Faults) == maxFaults {
		v.verdict.More++
		return
	}
	v.verdict.Faults = append(v.verdict.Faults, fmt.Sprintf(format, args...))
}

// stream compares the records of an epoch and tenant.
func (v *verifier) stream(ctx context.Context, tail billing.Tail) error {
	mark, err := v.mark(ctx, stream{tail.Epoch, tail.Tenant})
	if err != nil {
		return err
	}
	if mark != tail.Last {
		v.fault("epoch %s, tenant %s: redis has records to number %d, the ledger to %d", tail.Epoch, tail.Tenant, mark, tail.Last)
	}
	for after := int64(0); after < mark; {
		records, err := v.out.Unshipped(ctx, tail.Epoch, tail.Tenant, after, verifyPage)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
		after = records[len(records)-1].Seq
		if err := v.compare(ctx, records, mark); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) mark(ctx context.Context, at stream) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, v.reports.timeout)
	defer cancel()
	values, err := v.reports.rdb.MGet(ctx, markKey(at)).Result()
	if err != nil || len(values) != 1 {
		return 0, err
	}
	return parseMark(values[0])
}

// compare looks each record up, of those that must be there.
func (v *verifier) compare(ctx context.Context, records []billing.Numbered, mark int64) error {
	records = slices.DeleteFunc(records, func(n billing.Numbered) bool {
		return n.Seq > mark || billing.Hour(n.Record.AdmittedAt) < v.since
	})
	places, err := v.locate(ctx, records)
	if err != nil {
		return err
	}
	entries, err := v.reports.readEntries(ctx, places)
	if err != nil {
		return err
	}
	found := make(map[string][]entry)
	for _, e := range entries {
		found[e.recordID] = append(found[e.recordID], e)
	}
	for i := range records {
		v.one(&records[i], found[records[i].Record.ID])
	}
	return nil
}

// one compares a record with what Redis has under its id.
func (v *verifier) one(n *billing.Numbered, found []entry) {
	v.verdict.Records++
	if len(found) != 1 {
		v.fault("record %s, number %d of epoch %s: redis has it %d times", n.Record.ID, n.Seq, n.Epoch, len(found))
		return
	}
	want, err := encodeRecord(&n.Record)
	if e := found[0]; err != nil || e.record != want || e.epoch != n.Epoch || e.seq != fmt.Sprint(n.Seq) {
		v.fault("record %s, number %d of epoch %s: redis has another", n.Record.ID, n.Seq, n.Epoch)
	}
}

// locate finds where the records lie.
func (v *verifier) locate(ctx context.Context, records []billing.Numbered) ([]place, error) {
	var places []place
	for some := range slices.Chunk(records, commandsAtOnce) {
		found, err := v.locateSome(ctx, some)
		if err != nil {
			return nil, err
		}
		places = append(places, found...)
	}
	return places, nil
}

func (v *verifier) locateSome(ctx context.Context, records []billing.Numbered) ([]place, error) {
	ctx, cancel := context.WithTimeout(ctx, v.reports.timeout)
	defer cancel()
	answers := make([]*redis.StringSliceCmd, len(records))
	spots := make([]spot, len(records))
	_, err := v.reports.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range records {
			r := &records[i].Record
			spots[i] = spot{billing.Hour(r.AdmittedAt), r.Tenant}
			answers[i] = p.ZRangeArgs(ctx, redis.ZRangeArgs{
				Key: idsKey(r.Tenant, spots[i].hour), ByLex: true, Start: "[r" + r.ID + "\x00", Stop: "(r" + r.ID + "\x00\xff",
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var places []place
	for i, answer := range answers {
		for _, member := range answer.Val() {
			p, err := parsePlace(spots[i], member)
			if err != nil {
				return nil, err
			}
			places = append(places, p)
		}
	}
	return places, nil
}
