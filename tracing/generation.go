package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"voicerelay/billing"
	story "voicerelay/relay/trace"
)

// Names of events.
const (
	eventFirstAudio = "voicerelay.first_audio"
	eventReroute    = "voicerelay.reroute"  // another target is tried
	eventTakeover   = "voicerelay.takeover" // another voice goes on where the caller heard one
	eventCancel     = "voicerelay.cancel"   // the generation was ended from outside
)

// generation is one that runs.
type generation struct {
	tracer trace.Tracer
	ctx    context.Context // with the span
	span   trace.Span
}

var _ story.Generation = (*generation)(nil)

// TraceID implements story.Generation.
func (g *generation) TraceID() string { return g.span.SpanContext().TraceID().String() }

// End implements story.Generation.
func (g *generation) End(s story.Story) {
	if !g.span.IsRecording() {
		return // the sampler does not want it
	}
	for i, a := range s.Record.Attempts {
		g.showAttempt(s.Record, a, s.Attempts[i])
	}
	g.span.SetAttributes(ofGeneration(s)...)
	g.showEvents(s)
	if s.Record.Outcome == billing.Failed {
		g.span.SetStatus(codes.Error, s.Record.Code)
	}
	g.span.End(trace.WithTimestamp(s.Record.EndedAt))
}

// showAttempt makes the span of an attempt.
func (g *generation) showAttempt(of billing.Record, a billing.Attempt, more story.Attempt) {
	_, span := g.tracer.Start(g.ctx, attemptName(a), trace.WithTimestamp(a.StartedAt),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(ofAttempt(of, a, more)...))
	if !more.Heard.IsZero() {
		span.AddEvent(eventFirstAudio, trace.WithTimestamp(more.Heard))
	}
	if a.Outcome == billing.Failed {
		span.SetStatus(codes.Error, valid(a.Message))
	}
	ended := a.EndedAt
	if ended.IsZero() { // a fault of ours broke the generation off
		ended = of.EndedAt
	}
	span.End(trace.WithTimestamp(ended))
}

// showEvents adds what happened to the generation's span.
func (g *generation) showEvents(s story.Story) {
	g.event(eventFirstAudio, s.FirstAudio)
	for i, a := range s.Attempts {
		if i > 0 && !sameTarget(s.Record.Attempts[i-1], s.Record.Attempts[i]) {
			g.event(eventReroute, s.Record.Attempts[i].StartedAt, reroute(s, i)...)
		}
		if a.Reason != "" {
			g.event(eventTakeover, a.Heard, takeover(s, i)...)
		}
	}
	if !s.Stopped.IsZero() {
		g.event(eventCancel, s.Stopped, text("voicerelay.cause", s.Cause))
	}
}

// event adds an event, unless it did not happen.
func (g *generation) event(name string, at time.Time, attributes ...attribute.KeyValue) {
	if !at.IsZero() {
		g.span.AddEvent(name, trace.WithTimestamp(at), trace.WithAttributes(attributes...))
	}
}
