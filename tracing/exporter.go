package tracing

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter tells the log of a collector that takes nothing: once, then once a minute, and when it takes spans again.
type exporter struct {
	// Static after New.
	to  sdktrace.SpanExporter
	log zerolog.Logger

	ending atomic.Bool // the process ends: what is lost from now on is told at once

	// Owned by the one goroutine that exports.
	failing bool
	told    time.Time
	lost    int // spans since the last line
}

// sayAgain is the time between two lines about a collector that still takes nothing.
const sayAgain = time.Minute

// ExportSpans implements sdktrace.SpanExporter. Its error has been told.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.to.ExportSpans(ctx, spans)
	if err != nil {
		e.failed(err, len(spans), time.Now())
		return nil
	}
	if e.failing {
		e.log.Info().Int("lost", e.lost).Msg("traces are exported again")
	}
	e.failing, e.lost = false, 0
	return nil
}

func (e *exporter) failed(err error, spans int, now time.Time) {
	e.lost += spans
	if e.failing && now.Sub(e.told) < sayAgain && !e.ending.Load() {
		return
	}
	e.log.Warn().Str("error", bounded(err.Error())).Int("lost", e.lost).Msg("traces are not exported")
	e.failing, e.told, e.lost = true, now, 0
}

// end has what is lost from now on be told at once.
func (e *exporter) end() { e.ending.Store(true) }

// Shutdown implements sdktrace.SpanExporter.
func (e *exporter) Shutdown(ctx context.Context) error { return e.to.Shutdown(ctx) }

// maxDetail bounds what is logged of an error, which may have a collector's whole answer.
const maxDetail = 300

func bounded(text string) string { return text[:min(len(text), maxDetail)] }
