package ship

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing"
)

func newShipper(out Outbox, rdb redis.UniversalClient) *Shipper {
	return New(Config{Relay: "relay-1", Epoch: "e1", Log: zerolog.Nop(), RunSize: 16}, out, rdb)
}

// wantWhole checks that Redis has what the ledgers have: each record once, and the sums of them.
func wantWhole(t testing.TB, rdb redis.UniversalClient, ledgers ...*memoryOutbox) {
	t.Helper()
	reports := NewReports(rdb, 10*time.Second)
	var all []billing.Record
	for _, ledger := range ledgers {
		verdict, err := reports.Verify(context.Background(), ledger, defaultRetention)
		if err != nil || len(verdict.Faults) > 0 {
			t.Fatalf("Verify: %d records, faults %q, %v, want none", verdict.Records, verdict.Faults, err)
		}
		if got, want := verdict.Records, int64(len(ledger.all())); got != want {
			t.Fatalf("Verify looked at %d records, want %d", got, want)
		}
		all = append(all, ledger.all()...)
	}
	for _, by := range [][]billing.Dimension{
		{billing.ByTenant, billing.ByDay, billing.ByKey, billing.ByRoute, billing.ByOutcome},
		{billing.ByTenant, billing.ByDay, billing.ByKey, billing.ByProvider, billing.ByModel, billing.ByVoice, billing.ByOutcome},
		nil,
	} {
		wantSums(t, reports, all, by)
	}
}

// wantSums compares a report over everything with the sum over the records themselves.
func wantSums(t testing.TB, reports *Reports, records []billing.Record, by []billing.Dimension) {
	t.Helper()
	q := billing.SumsQuery{From: time.Now().AddDate(-1, 0, 0), To: time.Now().AddDate(0, 0, 1), GroupBy: by}
	var shares []billing.Share
	for i := range records {
		for _, share := range records[i].Shares() {
			if (share.Key.Provider != "") == q.OfAttempts() {
				shares = append(shares, share)
			}
		}
	}
	want, err := billing.GroupSums(q, shares)
	if err != nil {
		t.Fatal(err)
	}
	got, err := reports.Sums(context.Background(), q)
	if err != nil || !reflect.DeepEqual(got.Groups, want) {
		t.Fatalf("sums by %v =\n%+v, %v, want\n%+v", by, got.Groups, err, want)
	}
}

func TestAllShipsEachRecordOnce(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), newMemoryOutbox()
	for n := range 100 {
		out.add("e0", someRecord("acme", n))
		out.add("e1", someRecord([]string{"acme", "beta"}[n%2], n))
	}
	for range 3 { // by a new relay each time, which knows nothing of the ones before
		must(t, newShipper(out, rdb).All(t.Context()))
		wantWhole(t, rdb, out)
	}
	out.add("e1", someRecord("beta", 101))
	s := newShipper(out, rdb)
	must(t, s.All(t.Context()))
	wantWhole(t, rdb, out)
	if got := s.Unshipped(); got != 0 {
		t.Errorf("Unshipped = %d, want 0", got)
	}
}

// Two ledgers share the hours of a tenant: their sums are one.
func TestTwoRelaysAddUp(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	one, two := newMemoryOutbox(), newMemoryOutbox()
	for n := range 50 {
		one.add("e1", someRecord("acme", n))
		two.add("e2", someRecord("acme", 100+n))
	}
	must(t, newShipper(one, rdb).All(t.Context()))
	must(t, New(Config{Relay: "relay-2", Epoch: "e2"}, two, rdb).All(t.Context()))
	wantWhole(t, rdb, one, two)
}

// A run whose reply was lost is sent again, also together with later records; a run that was overtaken does nothing.
func TestRunsCountOnce(t *testing.T) {
	server := newRedisServer(t)
	rdb, out, at := server.newClient(), newMemoryOutbox(), stream{"e1", "acme"}
	for n := range 10 {
		out.add("e1", someRecord("acme", n))
	}
	s := newShipper(out, rdb)
	take := func(after int64, n int) *run {
		records, _ := out.Unshipped(t.Context(), at.epoch, at.tenant, after, n)
		r, err := newRun(at, after, records, nil)
		must(t, err)
		return r
	}
	steps := []struct {
		name  string
		after int64
		n     int
		want  int64 // the mark
	}{
		{"the first", 0, 3, 3},
		{"again", 0, 3, 3},
		{"again, with more", 0, 5, 3},
		{"the next", 3, 4, 7},
		{"one that was overtaken", 3, 2, 7},
		{"one from a time that Redis has lost", 8, 2, 7},
		{"the rest", 7, 9, 10},
	}
	for _, step := range steps {
		if got, twice, err := s.applyRun(t.Context(), take(step.after, step.n)); err != nil || got != step.want || len(twice) > 0 {
			t.Fatalf("%s: mark = %d, %v, want %d", step.name, got, err, step.want)
		}
	}
	must(t, s.nameStream(t.Context(), at))
	wantWhole(t, rdb, out)
}

// Numbers that the ledger has forgotten, and records that were over before they came, don't stop the others.
func TestRetention(t *testing.T) {
	server := newRedisServer(t)
	rdb, out, at := server.newClient(), newMemoryOutbox(), stream{"e1", "acme"}
	now := time.Now().UTC()
	for n, age := range []time.Duration{50 * time.Hour, 49 * time.Hour, 30 * time.Hour, 23 * time.Hour, time.Hour, 0} {
		out.add("e1", recordOf("acme", now.Add(-age), n))
	}
	out.forget(at, 1)
	s := New(Config{Relay: "relay-1", Epoch: "e1", Retention: 24 * time.Hour}, out, rdb)
	must(t, s.All(t.Context()))

	reports := NewReports(rdb, 0)
	page, err := reports.Records(t.Context(), billing.RecordsQuery{})
	if err != nil || len(page.Records) != 3 {
		t.Fatalf("Records = %d, %v, want the 3 of the last day", len(page.Records), err)
	}
	if got, want := rdb.Get(t.Context(), markKey(at)).Val(), "6"; got != want {
		t.Errorf("mark = %s, want %s", got, want)
	}
	verdict, err := reports.Verify(t.Context(), out, 24*time.Hour)
	if err != nil || len(verdict.Faults) > 0 || verdict.Records != 3 {
		t.Errorf("Verify = %+v, %v, want 3 records and no faults", verdict, err)
	}
	hour := billing.Hour(now.Add(-23 * time.Hour))
	for _, key := range []string{sumsKey("acme", hour), recordsKey("acme", hour), idsKey("acme", hour)} {
		if got, want := rdb.ExpireTime(t.Context(), key).Val(), time.Duration((hour+25)*3600)*time.Second; got != want {
			t.Errorf("%s expires at %v, want %v", key, got, want)
		}
	}
	if got, least := rdb.TTL(t.Context(), markKey(at)).Val(), 30*24*time.Hour; got < least {
		t.Errorf("the mark expires in %v, want after %v", got, least)
	}
}

// What the ledger has forgotten of a stream altogether is not waited for.
func TestForgottenTailIsNotUnshipped(t *testing.T) {
	server := newRedisServer(t)
	out := &tailOnly{newMemoryOutbox()}
	s := newShipper(out, server.newClient())
	must(t, s.All(t.Context()))
	if got := s.Unshipped(); got != 0 {
		t.Errorf("Unshipped = %d, want 0", got)
	}
}

// tailOnly has a number and no record.
type tailOnly struct{ *memoryOutbox }

func (*tailOnly) Tails(context.Context) ([]billing.Tail, error) {
	return []billing.Tail{{Epoch: "e1", Tenant: "acme", Last: 5}}, nil
}

func TestNewRunRefusesNumbersOutOfOrder(t *testing.T) {
	at := stream{"e1", "acme"}
	numbered := func(epoch, tenant string, seq int64) billing.Numbered {
		return billing.Numbered{Epoch: epoch, Tenant: tenant, Seq: seq, Record: recordOf(tenant, time.Now(), int(seq))}
	}
	for name, records := range map[string][]billing.Numbered{
		"not behind":     {numbered("e1", "acme", 3)},
		"twice":          {numbered("e1", "acme", 4), numbered("e1", "acme", 4)},
		"another tenant": {numbered("e1", "beta", 4)},
		"another epoch":  {numbered("e2", "acme", 4)},
	} {
		if _, err := newRun(at, 3, records, nil); !errors.Is(err, errNumbers) {
			t.Errorf("%s: %v, want %v", name, err, errNumbers)
		}
	}
	if r, err := newRun(at, 3, []billing.Numbered{numbered("e1", "acme", 5)}, nil); err != nil || r.last != 5 {
		t.Errorf("a hole: %+v, %v, want it taken", r, err)
	}
}

func TestRetryIn(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 6: 3200 * time.Millisecond, 7: lastRetry, 1000: lastRetry,
	} {
		if got := retryIn(failures); got != want {
			t.Errorf("retryIn(%d) = %v, want %v", failures, got, want)
		}
	}
}
