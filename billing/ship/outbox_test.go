package ship

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"voicerelay/billing"
)

// memoryOutbox is a ledger in memory.
type memoryOutbox struct {
	mu      sync.Mutex // guards all
	records map[stream][]billing.Numbered
	open    time.Time         // zero: no generation is open
	lists   map[string]string // price lists
	broken  bool
}

var errBroken = errors.New("the ledger can't be read")

func newMemoryOutbox() *memoryOutbox {
	return &memoryOutbox{records: make(map[stream][]billing.Numbered), lists: make(map[string]string)}
}

// add closes a record.
func (o *memoryOutbox) add(epoch string, r billing.Record) billing.Numbered {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := stream{epoch, r.Tenant}
	n := billing.Numbered{Epoch: epoch, Tenant: r.Tenant, Seq: int64(len(o.records[at])) + 1, Record: r}
	if n.Seq > 1 {
		n.Seq = o.records[at][len(o.records[at])-1].Seq + 1
	}
	o.records[at] = append(o.records[at], n)
	return n
}

// forget drops the first n records of a stream, as retention does.
func (o *memoryOutbox) forget(at stream, n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records[at] = o.records[at][n:]
}

func (o *memoryOutbox) set(open time.Time, broken bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open, o.broken = open, broken
}

// all are the records of every stream.
func (o *memoryOutbox) all() []billing.Record {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []billing.Record
	for _, records := range o.records {
		for _, n := range records {
			all = append(all, n.Record)
		}
	}
	return all
}

func (o *memoryOutbox) Unshipped(_ context.Context, epoch, tenant string, after int64, limit int) ([]billing.Numbered, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken {
		return nil, errBroken
	}
	records := o.records[stream{epoch, tenant}]
	at := slices.IndexFunc(records, func(n billing.Numbered) bool { return n.Seq > after })
	if at < 0 {
		return nil, nil
	}
	return slices.Clone(records[at:min(at+limit, len(records))]), nil
}

func (o *memoryOutbox) Tails(context.Context) ([]billing.Tail, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken {
		return nil, errBroken
	}
	var tails []billing.Tail
	for at, records := range o.records {
		if len(records) > 0 {
			tails = append(tails, billing.Tail{Epoch: at.epoch, Tenant: at.tenant, Last: records[len(records)-1].Seq})
		}
	}
	return tails, nil
}

func (o *memoryOutbox) OldestOpen(context.Context) (time.Time, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken {
		return time.Time{}, false, errBroken
	}
	return o.open, !o.open.IsZero(), nil
}

func (o *memoryOutbox) PriceLists(context.Context) (map[string]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken {
		return nil, errBroken
	}
	return maps.Clone(o.lists), nil
}

// usePrices has the ledger know a price list.
func (o *memoryOutbox) usePrices(list *billing.PriceList) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, err := list.Text()
	o.lists[list.Hash()] = text
	return err
}

// recordOf is a record whose facts follow from its number.
func recordOf(tenant string, admitted time.Time, n int) billing.Record {
	outcomes := []billing.Outcome{billing.Completed, billing.Cancelled, billing.Failed, billing.Interrupted}
	r := billing.Record{
		ID:           fmt.Sprintf("%012x%08d", admitted.UnixMilli(), n),
		GenerationID: fmt.Sprintf("g%d", n%7),
		Tenant:       tenant, Key: []string{"bot", "ops"}[n%2], Route: []string{"default", "fast"}[n%3%2],
		AdmittedAt: admitted, EndedAt: admitted.Add(time.Second),
		Characters: int64(10 + n), Bytes: int64(12 + n), Audio: time.Duration(n) * 20 * time.Millisecond,
		Outcome:  outcomes[n%4],
		Metadata: map[string]string{"call": fmt.Sprint(n)},
		Attempts: []billing.Attempt{{
			Provider: "p", Model: "m", Voice: "v", StartedAt: admitted, EndedAt: admitted.Add(time.Second),
			Outcome: outcomes[n%4], UpstreamID: fmt.Sprint("req-", n),
			Usage: billing.Usage{Audio: time.Duration(n) * 20 * time.Millisecond, Characters: int64(10 + n), Requests: 1},
			Cost:  billing.Cost{Money: billing.Money{Micros: int64(n)*17 + 1, Currency: "EUR"}, Source: billing.FromProvider},
		}},
	}
	if n%5 == 0 {
		r.Attempts = append(r.Attempts, billing.Attempt{
			Provider: "q", Voice: "w", StartedAt: admitted, EndedAt: admitted, Outcome: billing.Hedged,
			Cost: billing.Cost{Money: billing.Money{Micros: 3, Currency: "USD"}, Source: billing.FromPriceList, Estimated: true},
		})
	}
	if n%6 == 0 {
		r.Attempts = append(r.Attempts, billing.Attempt{Provider: "r", Outcome: billing.Failed, Code: "unavailable"})
	}
	return r
}

// someRecord is one of the last two hours.
func someRecord(tenant string, n int) billing.Record {
	return recordOf(tenant, time.Now().Add(-time.Duration(rand.Int64N(int64(2*time.Hour)))).UTC(), n)
}
