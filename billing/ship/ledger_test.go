package ship

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
)

// start opens the ledger as a relay does, and ships from it. stop ends both in their order.
func start(t *testing.T, path string, rdb redis.UniversalClient) (l *ledger.Ledger, s *Shipper, stop func()) {
	t.Helper()
	l, s = prepare(t, path, rdb)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	return l, s, func() {
		cancel()
		wg.Wait()
		must(t, s.Finish(t.Context()))
		must(t, l.Stop(t.Context()))
	}
}

// prepare opens the ledger as a relay does, and makes its shipper.
func prepare(t *testing.T, path string, rdb redis.UniversalClient) (*ledger.Ledger, *Shipper) {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Config{Path: path, AskFirst: true, Log: zerolog.Nop()})
	must(t, err)
	relay, err := l.Relay(t.Context())
	must(t, err)
	cfg := testTimes()
	cfg.Relay, cfg.Epoch, cfg.Ledger = relay, l.Epoch(), l
	return l, New(cfg, l, rdb)
}

// speak admits and closes n records from several goroutines. Of each ten, one is left open where so is asked.
func speak(t *testing.T, l *ledger.Ledger, s *Shipper, n int, leaveOpen bool) {
	t.Helper()
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < n; i += 8 {
				r := someRecord(tenantName(i), i)
				r.ID = fmt.Sprintf("%s-%s", r.ID, l.Epoch())
				if err := l.Enter(r)(t.Context()); err != nil {
					t.Errorf("Admit: %v", err)
				}
				if leaveOpen && i%10 == 0 {
					continue
				}
				if err := l.Close(t.Context(), r); err != nil {
					t.Errorf("Close: %v", err)
				}
				s.Wake(r.Tenant)
			}
		})
	}
	wg.Wait()
}

// The ledger on disk and Redis tell the same, over restarts, a Redis that was away, and generations that a restart cut short.
func TestLedgerAndRedisAgree(t *testing.T) {
	server := newRedisServer(t, "--appendonly", "yes")
	rdb, path := server.newClient(), filepath.Join(t.TempDir(), "ledger.db")

	l, s, stop := start(t, path, rdb)
	speak(t, l, s, 200, true)
	server.Kill()
	speak(t, l, s, 200, false)
	server.Start()
	stop()
	l, s, stop = start(t, path, rdb) // closes what was left open
	speak(t, l, s, 100, false)
	must(t, rdb.FlushAll(t.Context()).Err())
	eventually(t, "redis has everything again", func() bool {
		verdict, err := NewReports(rdb, 0).Verify(t.Context(), l, defaultRetention)
		return err == nil && len(verdict.Faults) == 0 && verdict.Records == 500
	})
	wantSameAnswers(t, l, NewReports(rdb, 0))
	stop()

	found, err := ledger.Verify(t.Context(), path)
	if err != nil || len(found.Faults) > 0 {
		t.Errorf("the ledger's own verdict = %+v, %v, want no fault", found, err)
	}
	if beats, err := NewReports(rdb, 0).Heartbeats(t.Context()); err != nil || len(beats) != 0 {
		t.Errorf("heartbeats = %+v, %v, want none of a relay that ended", beats, err)
	}
}

func wantSameAnswers(t *testing.T, l *ledger.Ledger, reports *Reports) {
	t.Helper()
	for _, by := range [][]billing.Dimension{
		nil,
		{billing.ByTenant, billing.ByKey, billing.ByDay, billing.ByRoute, billing.ByOutcome},
		{billing.ByTenant, billing.ByProvider, billing.ByModel, billing.ByVoice, billing.ByOutcome},
		{billing.ByHour, billing.ByRoute},
		{billing.ByMonth, billing.ByProvider},
	} {
		wantSameSums(t, l, reports, billing.SumsQuery{GroupBy: by})
	}
	for _, f := range []billing.Filter{{Key: "key-1"}, {Outcome: billing.Failed}, {Provider: "p", Outcome: billing.Completed}, {Model: "m"}, {Key: "none"}} {
		wantSameSums(t, l, reports, billing.SumsQuery{Filter: f})
		q := billing.RecordsQuery{Limit: 1000, Filter: f}
		want, err := l.Records(t.Context(), q)
		must(t, err)
		got, err := reports.Records(t.Context(), q)
		if err != nil || len(got.Records) != len(want.Records) || len(want.Records) > 0 && !reflect.DeepEqual(got.Records, want.Records) {
			t.Errorf("of %+v redis lists %d records, %v, the ledger %d", f, len(got.Records), err, len(want.Records))
		}
	}
	asked := billing.SumsQuery{From: time.Now().Add(-time.Hour), To: time.Now(), Filter: billing.Filter{Metadata: billing.Pair{Key: "k"}}}
	if _, err := reports.Sums(t.Context(), asked); !errors.Is(err, billing.ErrFilterMetadata) {
		t.Errorf("sums of some metadata: %v, want %v", err, billing.ErrFilterMetadata)
	}
	wantSameRecords(t, l, reports)
}

// wantSameSums asks both of 100 hours.
func wantSameSums(t *testing.T, l *ledger.Ledger, reports *Reports, q billing.SumsQuery) {
	t.Helper()
	q.From, q.To = WholeHours(time.Now().Add(-100*time.Hour), time.Now().Add(time.Hour))
	want, err := l.Sums(t.Context(), q)
	must(t, err)
	got, err := reports.Sums(t.Context(), q)
	if err != nil || !reflect.DeepEqual(got.Groups, want.Groups) {
		t.Errorf("of %+v redis says\n%+v, %v, the ledger\n%+v", q, got.Groups, err, want.Groups)
	}
}

func wantSameRecords(t *testing.T, l *ledger.Ledger, reports *Reports) {
	t.Helper()
	q := billing.RecordsQuery{Limit: 1000}
	want, err := l.Records(t.Context(), q)
	must(t, err)
	got, err := reports.Records(t.Context(), q)
	if err != nil || len(got.Records) != 500 || !reflect.DeepEqual(got.Records, want.Records) {
		t.Errorf("redis lists %d records, %v, the ledger %d, not the same", len(got.Records), err, len(want.Records))
	}
}
