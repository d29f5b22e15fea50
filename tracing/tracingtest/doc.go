// Package tracingtest is a collector of traces, as OpenTelemetry's protocol has it, over HTTP and over gRPC; for tests alone.
package tracingtest
