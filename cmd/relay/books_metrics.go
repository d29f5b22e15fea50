package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/billing/ledger"
)

// registerLedger registers the metrics of the ledger's file.
func registerLedger(registry prometheus.Registerer, l *ledger.Ledger) error {
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

func registerGauge(registry prometheus.Registerer, opts prometheus.GaugeOpts, value func() float64) error {
	if err := registry.Register(prometheus.NewGaugeFunc(opts, value)); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}
