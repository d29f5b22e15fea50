package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/config"
	"voicerelay/limits"
	"voicerelay/upstream"
)

// openedBooks are books on a ledger in a folder, stopped with the test.
func openedBooks(t *testing.T, folder string, redisURL string) (*books, *prometheus.Registry) {
	t.Helper()
	p, registry := &process{}, prometheus.NewRegistry()
	s := &config.Settings{Books: config.BookSettings{
		Ledger: config.LedgerConfig{Path: filepath.Join(folder, "ledger.db"), Retention: config.DefaultRetention},
		Redis:  config.RedisConfig{URL: upstream.Secret(redisURL), Retention: config.DefaultRetention},
	}}
	b, err := p.openBooks(t.Context(), s, registry, zerolog.Nop())
	t.Cleanup(func() {
		if err := p.stop.run(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, registry
}

// spent is a closed record of a tenant.
func spent(id, tenant string, at time.Time, cost billing.Money) billing.Record {
	return billing.Record{
		ID: id, GenerationID: "g-" + id, Tenant: tenant, Key: "bot", SessionID: "s", Route: "default",
		AdmittedAt: at, EndedAt: at.Add(time.Second), Outcome: billing.Completed,
		Attempts: []billing.Attempt{{
			Provider: "p", Voice: "v", StartedAt: at, EndedAt: at, Outcome: billing.Completed,
			Cost: billing.Cost{Money: cost, Source: billing.FromProvider},
		}},
	}
}

func write(t *testing.T, b *books, r billing.Record) {
	t.Helper()
	if err := errors.Join(b.ledger.Enter(r)(t.Context()), b.ledger.Close(t.Context(), r)); err != nil {
		t.Fatal(err)
	}
}

// nowhere is an address that refuses whoever connects.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "redis://" + l.Addr().String()
}

// What was spent before a start counts against the budget after it, by currency, with and without a Redis.
func TestBudgetsRememberWhatTheLedgerHas(t *testing.T) {
	now := time.Now()
	for name, url := range map[string]string{"alone": "", "redis away": nowhere(t)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b, _ := openedBooks(t, dir, "")
			write(t, b, spent("r1", "acme", now, billing.Money{Micros: 900, Currency: "EUR"}))
			write(t, b, spent("r2", "acme", now, billing.Money{Micros: 5000, Currency: "USD"}))
			write(t, b, spent("r3", "beta", now, billing.Money{Micros: 5000, Currency: "EUR"}))
			again, _ := openedBooks(t, copyLedger(t, dir), url)
			reservation, err := again.budgets.Open(t.Context(), limits.Expense{
				Owner: limits.Owner{Tenant: "acme"}, RecordID: "r4", Budget: limits.Budget{Currency: "EUR", Daily: 1000},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := reservation.Reserve(t.Context(), 100); err != nil {
				t.Errorf("what is left can't be spent: %v", err)
			}
			var over *limits.BudgetError
			if err := reservation.Reserve(t.Context(), 1); !errors.As(err, &over) {
				t.Errorf("more than is left: %v, want a refusal", err)
			}
		})
	}
}

// So does what keys have spent, and what was spent at providers.
func TestBudgetsOfKeysAndProvidersRememberWhatTheLedgerHas(t *testing.T) {
	now := time.Now()
	for name, url := range map[string]string{"alone": "", "redis away": nowhere(t)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b, _ := openedBooks(t, dir, "")
			for i, r := range []struct{ tenant, key, provider string }{
				{"acme", "bot", "alpha"}, {"acme", "other", "alpha"}, {"beta", "third", "alpha"}, {"acme", "bot", "gamma"},
			} {
				record := spent(fmt.Sprint("r", i), r.tenant, now, billing.Money{Micros: 100 << i, Currency: "EUR"})
				record.Key, record.Attempts[0].Provider = r.key, r.provider
				write(t, b, record)
			}
			again, _ := openedBooks(t, copyLedger(t, dir), url)
			for of, want := range map[limits.Owner]int64{
				{Tenant: "acme"}: 1100, {Tenant: "acme", Key: "bot"}: 900, {Tenant: "acme", Key: "none"}: 0,
				{Provider: "alpha"}: 700, {Provider: "gamma"}: 800,
			} {
				got, err := again.budgets.Balance(t.Context(), of, limits.Budget{Currency: "EUR", Daily: 5000})
				if err != nil || got.Daily.Spent != want || got.Monthly.Spent != want {
					t.Errorf("%+v: %+v, %v, want %d spent", of, got, err, want)
				}
			}
		})
	}
}

// copyLedger is the records of a ledger in another folder, as its own lock keeps it to itself.
func copyLedger(t *testing.T, from string) string {
	t.Helper()
	r, err := ledger.OpenReader(t.Context(), filepath.Join(from, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	page, err := r.Records(t.Context(), billing.RecordsQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l, err := ledger.Open(t.Context(), ledger.Config{Path: filepath.Join(dir, "ledger.db"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range page.Records {
		if err := errors.Join(l.Enter(rec)(t.Context()), l.Close(t.Context(), rec)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// With Redis away sums are this relay's own, and say so; records are refused, since a page can't say so.
func TestReportsWhileRedisIsAway(t *testing.T) {
	b, registry := openedBooks(t, t.TempDir(), nowhere(t))
	now := time.Now()
	write(t, b, spent("r1", "acme", now, billing.Money{Micros: 7, Currency: "EUR"}))
	from, to := now.Add(-90*time.Minute), now.Add(time.Minute)
	report, err := b.reports.Sums(t.Context(), billing.SumsQuery{From: from, To: to})
	if err != nil || len(report.Groups) != 1 || report.Groups[0].Generations != 1 {
		t.Fatalf("Sums = %+v, %v", report, err)
	}
	if report.MissingSince != report.From || report.From != from.UTC().Truncate(time.Hour) {
		t.Errorf("missing since %v, from %v, want the whole hours around %v", report.MissingSince, report.From, from)
	}
	if _, err := b.reports.Records(t.Context(), billing.RecordsQuery{From: from, To: to}); !errors.Is(err, limits.ErrAway) {
		t.Errorf("Records = %v, want %v", err, limits.ErrAway)
	}
	if _, err := b.store.Admit(t.Context(), limits.Admission{Tenant: "acme", RecordID: "r2", Strict: true}); !errors.Is(err, limits.ErrAway) {
		t.Errorf("a strict key is told %v, want %v", err, limits.ErrAway)
	}
	if standing := b.standing(); standing.DegradedSince.IsZero() || standing.Unrecorded {
		t.Errorf("standing = %+v, want degraded", standing)
	}
	if got := gauge(t, registry, "relay_store_away_total"); got != 1 {
		t.Errorf("relay_store_away_total = %v, want 1", got)
	}
	if got := gauge(t, registry, "relay_store_up"); got != 0 {
		t.Errorf("relay_store_up = %v, want 0", got)
	}
}

// gauge is a metric's only value.
func gauge(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			m := f.GetMetric()[0]
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestMetricsOfSharingAreThereWithoutIt(t *testing.T) {
	_, registry := openedBooks(t, t.TempDir(), "")
	for _, name := range []string{"relay_store_away_total", "relay_unshipped_records"} {
		if got := gauge(t, registry, name); got != 0 {
			t.Errorf("%s = %v, want 0", name, got)
		}
	}
}
