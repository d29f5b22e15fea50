package tracing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	story "voicerelay/relay/trace"
)

// scope names the instrumentation in each span.
const scope = "voicerelay"

// Where a collector is that the environment only implies.
const (
	defaultHTTP = "http://localhost:4318/v1/traces"
	defaultGRPC = "http://localhost:4317"
)

// Tracer shows generations to a collector. It is safe for concurrent use.
type Tracer struct {
	// Static after New.
	provider *sdktrace.TracerProvider
	exporter *exporter
	tracer   trace.Tracer
}

var _ story.Tracer = (*Tracer)(nil)

// New is a tracer as the environment says; nil: it asks for none. TakeLibraries goes before it, and Shutdown must be called. version is
// the relay's own.
func New(ctx context.Context, version string, log zerolog.Logger) (*Tracer, error) {
	s, err := readSettings()
	if err != nil || !s.on {
		return nil, err
	}
	to, err := s.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the exporter of traces: %w", err)
	}
	from, err := describe(ctx, version)
	if err != nil {
		return nil, errors.Join(err, to.Shutdown(ctx))
	}
	t := &Tracer{exporter: &exporter{to: to, log: log}}
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithResource(from), sdktrace.WithBatcher(t.exporter))
	t.tracer = t.provider.Tracer(scope, trace.WithInstrumentationVersion(version), trace.WithSchemaURL(semconv.SchemaURL))
	log.Info().Str("protocol", s.protocol).Msg("traces are exported")
	return t, nil
}

// open makes what speaks to the collector. It connects later.
func (s settings) open(ctx context.Context) (sdktrace.SpanExporter, error) {
	if s.protocol == protocolGRPC {
		var where []otlptracegrpc.Option
		if s.endpoint == "" {
			where = append(where, otlptracegrpc.WithEndpointURL(defaultGRPC))
		}
		return otlptracegrpc.New(ctx, where...)
	}
	var where []otlptracehttp.Option
	if s.endpoint == "" {
		where = append(where, otlptracehttp.WithEndpointURL(defaultHTTP))
	}
	return otlptracehttp.New(ctx, where...)
}

// describe is this program, as OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say it.
func describe(ctx context.Context, version string) (*resource.Resource, error) {
	described, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("voicerelay"), semconv.ServiceVersion(version)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return described, nil
}

// Shutdown sends what waits, until ctx ends, and closes the connection. Generations have ended before. The error says that spans
// were lost.
func (t *Tracer) Shutdown(ctx context.Context) error {
	t.exporter.end()
	if err := t.provider.Shutdown(ctx); err != nil {
		// The time was over. A last try may still be under way: this breaks it off, and says again that the time was over.
		_ = t.exporter.to.Shutdown(ctx)
		return err
	}
	return nil
}

// Begin implements story.Tracer.
func (t *Tracer) Begin(parent story.Context, at time.Time) story.Generation {
	ctx := context.Background()
	if parent.Parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent.Parent, "tracestate": parent.State})
	}
	ctx, span := t.tracer.Start(ctx, "generation", trace.WithTimestamp(at), trace.WithSpanKind(trace.SpanKindServer))
	return &generation{tracer: t.tracer, ctx: ctx, span: span}
}
