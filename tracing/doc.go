// Package tracing sends what happens in generations to a collector of OpenTelemetry, as the OTEL_ variables of the environment say:
// a span a generation, and one an attempt of it. Invariants:
//
//  1. Without these variables there is nothing: no tracer, no goroutine, no connection.
//  2. Nobody waits for a collector. Spans that it does not take wait in a bounded queue; what is too much for that is dropped.
//  3. No attribute has text, audio or a key. Vendors are told of no trace.
package tracing
