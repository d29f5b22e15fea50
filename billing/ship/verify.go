package ship

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// ErrUnreachable says that Redis gave no answer, so that nothing can be said of what it has.
var ErrUnreachable = errors.New("redis can't be reached")

// Shipping is given time: a relay that runs needs a tenth of a second, and longer only where it has fallen behind, but then
// it gets on.
const (
	shipPatience = 3 * time.Second        // without any progress
	lookAgain    = 100 * time.Millisecond // between two looks at marks
)

// Verify holds a ledger against Redis: each record up to its marks is there once and the same, and every tenant's hourly
// sums are those of its records, whichever relay they came from; the price lists that the records name are there. Relays may run at the same time. Retention is that of the
// shipper: what is older need not be there. The error is ErrUnreachable where Redis gave no answer.
func (r *Reports) Verify(ctx context.Context, out Outbox, retention time.Duration) (Verdict, error) {
	v := verifier{reports: r, out: out, since: floorHour(time.Now().Add(-retention)) + 1, lists: make(map[string]bool)}
	err := v.run(ctx)
	var own *ledgerError
	if err != nil && !errors.Is(err, errStored) && !errors.As(err, &own) {
		err = fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return v.verdict, err
}

func (v *verifier) run(ctx context.Context) error {
	marks, err := v.shipped(ctx)
	if err != nil {
		return err
	}
	for _, at := range sortedStreams(marks) {
		if err := v.stream(ctx, at, marks[at]); err != nil {
			return err
		}
	}
	if err := v.prices(ctx); err != nil {
		return err
	}
	tenants, err := v.reports.tenants(ctx, "")
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		if err := v.sums(ctx, tenant); err != nil {
			return fmt.Errorf("compare sums: %w", err)
		}
	}
	return nil
}

// shipped waits until Redis has all that the ledger has now, and returns the marks. What a relay closes in between is no part
// of it: the ledger is read before the marks where Redis must have no less, and after them where it must have no more.
func (v *verifier) shipped(ctx context.Context) (map[stream]int64, error) {
	want, err := v.tails(ctx)
	if err != nil {
		return nil, err
	}
	marks, err := v.await(ctx, want)
	if err != nil {
		return nil, err
	}
	now, err := v.tails(ctx)
	if err != nil {
		return nil, err
	}
	for _, at := range sortedStreams(marks) {
		last, there := now[at]
		switch {
		case !there: // the retention has deleted its records in between
			delete(marks, at)
		case marks[at] < want[at]:
			v.fault("epoch %s, tenant %s: redis has records to number %d, the ledger to %d", at.epoch, at.tenant, marks[at], want[at])
		case marks[at] > last:
			v.fault("epoch %s, tenant %s: redis has records to number %d, the ledger to %d", at.epoch, at.tenant, marks[at], last)
		}
	}
	return marks, nil
}

// await reads the marks until they have reached the tails, or don't move any more.
func (v *verifier) await(ctx context.Context, tails map[stream]int64) (marks map[stream]int64, err error) {
	deadline, before := time.Now().Add(shipPatience), int64(0)
	for {
		if marks, err = v.marks(ctx, tails); err != nil {
			return nil, err
		}
		lacking, sum := false, int64(0)
		for at, mark := range marks {
			sum += mark
			if mark >= tails[at] {
				continue
			}
			some, err := v.hasMore(ctx, at, mark)
			if err != nil {
				return nil, err
			}
			if lacking = lacking || some; !some {
				tails[at] = mark // what lies between is in gaps
			}
		}
		if sum != before {
			deadline, before = time.Now().Add(shipPatience), sum
		}
		if !lacking || time.Now().After(deadline) {
			return marks, nil
		}
		pause(ctx, lookAgain)
	}
}

// hasMore reports whether the ledger has a record after a number.
func (v *verifier) hasMore(ctx context.Context, at stream, after int64) (bool, error) {
	records, err := v.out.Unshipped(ctx, at.epoch, at.tenant, after, 1)
	if err != nil {
		return false, &ledgerError{err}
	}
	return len(records) > 0, nil
}

// tails are the ledger's last numbers.
func (v *verifier) tails(ctx context.Context) (map[stream]int64, error) {
	list, err := v.out.Tails(ctx)
	if err != nil {
		return nil, &ledgerError{err}
	}
	tails := make(map[stream]int64, len(list))
	for _, t := range list {
		tails[stream{t.Epoch, t.Tenant}] = t.Last
	}
	return tails, nil
}

func (v *verifier) marks(ctx context.Context, of map[stream]int64) (map[stream]int64, error) {
	marks := make(map[stream]int64, len(of))
	for some := range slices.Chunk(sortedStreams(of), commandsAtOnce) {
		if err := v.someMarks(ctx, some, marks); err != nil {
			return nil, fmt.Errorf("read marks: %w", err)
		}
	}
	return marks, nil
}

func (v *verifier) someMarks(ctx context.Context, streams []stream, into map[stream]int64) error {
	ctx, cancel := context.WithTimeout(ctx, v.reports.timeout)
	defer cancel()
	answers := make([]*redis.SliceCmd, len(streams))
	_, err := v.reports.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, at := range streams {
			answers[i] = p.MGet(ctx, markKey(at)) // of one key: what is not there is no error
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, at := range streams {
		if into[at], err = parseMark(answers[i].Val()[0]); err != nil {
			return err
		}
	}
	return nil
}

// stream compares the records of an epoch and tenant up to its mark.
func (v *verifier) stream(ctx context.Context, at stream, mark int64) error {
	for after := int64(0); after < mark; {
		records, err := v.out.Unshipped(ctx, at.epoch, at.tenant, after, verifyPage)
		if err != nil {
			return &ledgerError{err}
		}
		if len(records) == 0 {
			return nil
		}
		after = records[len(records)-1].Seq
		if err := v.compare(ctx, records, mark); err != nil {
			return fmt.Errorf("compare records: %w", err)
		}
	}
	return nil
}

// compare looks each record up, of those that must be there.
func (v *verifier) compare(ctx context.Context, numbered []billing.Numbered, mark int64) error {
	numbered = slices.DeleteFunc(numbered, func(n billing.Numbered) bool {
		return n.Seq > mark || billing.Hour(n.Record.AdmittedAt) < v.since
	})
	records := make([]billing.Record, len(numbered))
	for i := range numbered {
		records[i] = numbered[i].Record
	}
	places, err := v.reports.locate(ctx, records)
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
	for i := range numbered {
		v.one(&numbered[i], found[numbered[i].Record.ID])
	}
	return nil
}

// one compares a record with what Redis has under its id.
func (v *verifier) one(n *billing.Numbered, found []entry) {
	v.verdict.Records++
	v.lists[n.Record.PriceList] = true
	if len(found) != 1 {
		v.fault("record %s, number %d of epoch %s: redis has it %d times", n.Record.ID, n.Seq, n.Epoch, len(found))
		return
	}
	want, err := encodeRecord(&n.Record)
	if e := found[0]; err != nil || e.record != want || e.epoch != n.Epoch || e.seq != fmt.Sprint(n.Seq) {
		v.fault("record %s, number %d of epoch %s: redis has another", n.Record.ID, n.Seq, n.Epoch)
	}
}
