package tracingtest

import (
	"encoding/hex"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Span is a span as it came.
type Span struct {
	Name, Kind string
	// TraceID, ID and Parent are in hex; Parent is empty where there is none.
	TraceID, ID, Parent string
	TraceState          string
	Began, Ended        time.Time
	Attributes          map[string]any
	Events              []Event
	// Failed: its status is an error, which Status describes.
	Failed bool
	Status string
	// Resource is who sent it.
	Resource map[string]any
}

// Event is something that happened in a span.
type Event struct {
	Name       string
	At         time.Time
	Attributes map[string]any
}

// Event is the first event of a name; nil: there is none.
func (s Span) Event(name string) *Event {
	for _, e := range s.Events {
		if e.Name == name {
			return &e
		}
	}
	return nil
}

// spansOf are the spans of a request.
func spansOf(all []*traces.ResourceSpans) []Span {
	var spans []Span
	for _, r := range all {
		from := valuesOf(r.GetResource().GetAttributes())
		for _, scope := range r.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				spans = append(spans, spanOf(s, from))
			}
		}
	}
	return spans
}

func spanOf(s *traces.Span, from map[string]any) Span {
	span := Span{
		Name: s.GetName(), Kind: s.GetKind().String(), TraceState: s.GetTraceState(), Resource: from,
		TraceID: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Began: timeOf(s.GetStartTimeUnixNano()), Ended: timeOf(s.GetEndTimeUnixNano()), Attributes: valuesOf(s.GetAttributes()),
		Failed: s.GetStatus().GetCode() == traces.Status_STATUS_CODE_ERROR, Status: s.GetStatus().GetMessage(),
	}
	for _, e := range s.GetEvents() {
		span.Events = append(span.Events, Event{Name: e.GetName(), At: timeOf(e.GetTimeUnixNano()), Attributes: valuesOf(e.GetAttributes())})
	}
	return span
}

func timeOf(nanoseconds uint64) time.Time { return time.Unix(0, int64(nanoseconds)) }

// valuesOf are attributes by their names. Lists and the like, of which the relay has none, are nil.
func valuesOf(all []*common.KeyValue) map[string]any {
	values := make(map[string]any, len(all))
	for _, kv := range all {
		switch v := kv.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			values[kv.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			values[kv.GetKey()] = v.IntValue
		case *common.AnyValue_DoubleValue:
			values[kv.GetKey()] = v.DoubleValue
		case *common.AnyValue_BoolValue:
			values[kv.GetKey()] = v.BoolValue
		default:
			values[kv.GetKey()] = nil
		}
	}
	return values
}
