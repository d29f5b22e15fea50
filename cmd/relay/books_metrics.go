package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/billing/ledger"
)

// newCommits is how long the ledger's commits take.
func newCommits() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "relay_ledger_commit_seconds", Help: "How long commits of the ledger took; each may have the records of many generations.",
		Buckets: []float64{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5},
	})
}

// registerLedger registers the metrics of the ledger's file.
func registerLedger(registry prometheus.Registerer, l *ledger.Ledger, commits prometheus.Collector) error {
	if err := registry.Register(commits); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	up := prometheus.GaugeOpts{Name: "relay_ledger_up", Help: "1, or 0 while the ledger can't be written and no generation is taken."}
	if err := registerGauge(registry, up, func() float64 { return truth(l.Available() == nil) }); err != nil {
		return err
	}
	return registerGauge(registry, prometheus.GaugeOpts{
		Name: "relay_ledger_wal_bytes", Help: "Size of SQLite's log beside the ledger; it grows while a reader holds it up.",
	}, func() float64 { return float64(l.LogSize()) })
}

// registerClock registers how far this machine's clock is ahead of Redis', which is 0 where there is none.
func registerClock(registry prometheus.Registerer, offset func() time.Duration) error {
	return registerGauge(registry, prometheus.GaugeOpts{
		Name: "relay_clock_offset_seconds", Help: "How far this machine's clock is ahead of Redis'; negative: behind. 0 until it is known.",
	}, func() float64 { return offset().Seconds() })
}

// truth is 1 for true, and 0.
func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func registerGauge(registry prometheus.Registerer, opts prometheus.GaugeOpts, value func() float64) error {
	if err := registry.Register(prometheus.NewGaugeFunc(opts, value)); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}
