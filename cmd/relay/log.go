package main

import (
	"fmt"
	"io"
	stdlog "log"
	"strings"
	"sync/atomic"
	"time"

	"voicerelay/config"

	"github.com/rs/zerolog"
)

// logForm is how the process logs: from which level on, and as JSON or for a console. Both may change while loggers that
// were made of it are in use. It is safe for concurrent use.
type logForm struct {
	// Static after newLogForm.
	json, console io.Writer
	repeats       *repeats

	level     atomic.Int32 // a zerolog.Level
	isConsole atomic.Bool
}

// How times are logged: to the millisecond, since what happens to a caller does within one second.
const (
	logTimes     = "2006-01-02T15:04:05.000Z07:00"
	consoleTimes = "15:04:05.000"
)

func newLogForm(s *config.Settings, w io.Writer) *logForm {
	f := &logForm{json: w, console: zerolog.ConsoleWriter{Out: w, TimeFormat: consoleTimes}, repeats: newRepeats()}
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
	told := f.repeats.pass(line, time.Now())
	if told == nil {
		return len(line), nil
	}
	to := f.json
	if f.isConsole.Load() {
		to = f.console
	}
	if _, err := to.Write(told); err != nil {
		return 0, err
	}
	return len(line), nil
}

// formLibraries has whatever writes to standard error by the loggers of Go's library write lines of ours. Each of these is one for the
// whole process. What the runtime itself writes when the process breaks stays as it is.
func formLibraries(log zerolog.Logger) {
	stdlog.SetFlags(0)
	stdlog.SetOutput(lineLog{log}) // slog's default goes there too
}

// lineLog makes a line of ours of each line of text that it gets.
type lineLog struct{ log zerolog.Logger }

// Write implements io.Writer.
func (l lineLog) Write(text []byte) (int, error) {
	l.log.Warn().Str("detail", strings.TrimSpace(string(text))).Msg("library")
	return len(text), nil
}

// refuseStart says why the relay does not start, a line for each fault, before its configuration says how to log: in plain text for
// a person at a terminal, else as JSON.
func refuseStart(stderr io.Writer, message string, faults ...string) {
	if isTerminal(stderr) {
		for _, fault := range faults {
			fmt.Fprintln(stderr, printable(fault))
		}
		return
	}
	log := zerolog.New(stderr).With().Timestamp().Logger()
	for _, fault := range faults {
		log.Error().Str("at", fault).Msg(message)
	}
	log.Error().Int("faults", len(faults)).Msg("not started")
}

func logWarnings(warnings []config.Warning, log zerolog.Logger) {
	for _, w := range warnings {
		log.Warn().Str("at", w.String()).Msg("configuration")
	}
}

func logOpen(log zerolog.Logger) {
	log.Warn().Msg("no keys are configured: every program on this machine may speak, and nothing else")
}
