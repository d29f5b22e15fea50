package main

import (
	"io"
	"sync/atomic"

	"voicerelay/config"

	"github.com/rs/zerolog"
)

// logForm is how the process logs: from which level on, and as JSON or for a console. Both may change while loggers that
// were made of it are in use. It is safe for concurrent use.
type logForm struct {
	// Static after newLogForm.
	json, console io.Writer

	level     atomic.Int32 // a zerolog.Level
	isConsole atomic.Bool
}

// logTimes is how times are logged: to the millisecond, since what happens to a caller does within one second.
const logTimes = "2006-01-02T15:04:05.000Z07:00"

func newLogForm(s *config.Settings, w io.Writer) *logForm {
	f := &logForm{json: w, console: zerolog.ConsoleWriter{Out: w, TimeFormat: "15:04:05.000"}}
	f.apply(s)
	return f
}

// apply has everything be logged as the settings say from now on.
func (f *logForm) apply(s *config.Settings) {
	f.level.Store(int32(s.LogLevel))
	f.isConsole.Store(s.LogConsole)
}

func (f *logForm) logger() zerolog.Logger {
	return zerolog.New(f).Hook(f).With().Timestamp().Logger()
}

// Run implements zerolog.Hook: it drops what is below the level. A logger's own level could not change any more.
func (f *logForm) Run(e *zerolog.Event, level zerolog.Level, _ string) {
	if int32(level) < f.level.Load() {
		e.Discard()
	}
}

// Write implements io.Writer. It gets a line at a time.
func (f *logForm) Write(line []byte) (int, error) {
	if f.isConsole.Load() {
		return f.console.Write(line)
	}
	return f.json.Write(line)
}

func logWarnings(warnings []config.Warning, log zerolog.Logger) {
	for _, w := range warnings {
		log.Warn().Str("at", w.String()).Msg("configuration")
	}
}

func logOpen(log zerolog.Logger) {
	log.Warn().Msg("no keys are configured: every program on this machine may speak, and nothing else")
}
