package tracing

import (
	"io"

	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// TakeLibraries has the libraries of this package write to our log, and not to standard error. Each has one logger for the whole process,
// so it is called once, before New. What gRPC says of its connections also stands in the errors of exports.
func TakeLibraries(log zerolog.Logger) {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	otel.SetLogger(logr.New(librarySink{log}))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn().Str("error", bounded(err.Error())).Msg("tracing")
	}))
}

// librarySink takes what OpenTelemetry's own log says. Names and values stay out: they are settings, which may have secrets.
type librarySink struct{ log zerolog.Logger }

// warning is the level at which OpenTelemetry warns; what is above informs.
const warning = 1

// Init implements logr.LogSink.
func (librarySink) Init(logr.RuntimeInfo) {}

// Enabled implements logr.LogSink.
func (librarySink) Enabled(level int) bool { return level <= warning }

// Info implements logr.LogSink.
func (s librarySink) Info(_ int, message string, _ ...any) {
	s.log.Warn().Str("detail", bounded(message)).Msg("tracing")
}

// Error implements logr.LogSink.
func (s librarySink) Error(err error, message string, _ ...any) {
	line := s.log.Warn().Str("detail", bounded(message))
	if err != nil {
		line = line.Str("error", bounded(err.Error()))
	}
	line.Msg("tracing")
}

// WithValues implements logr.LogSink.
func (s librarySink) WithValues(...any) logr.LogSink { return s }

// WithName implements logr.LogSink.
func (s librarySink) WithName(string) logr.LogSink { return s }
