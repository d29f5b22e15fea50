package logging

import (
	"io"
	stdlog "log"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// How times are logged: to the millisecond, since what happens to a caller does within one second.
const (
	jsonTimes    = "2006-01-02T15:04:05.000Z07:00"
	consoleTimes = "15:04:05.000"
)

// SetUp sets what zerolog has once for a process. It must be called before anything is logged.
func SetUp() {
	zerolog.TimeFieldFormat = jsonTimes
	zerolog.ErrorMarshalFunc = causeOf
	zerolog.DurationFieldInteger = true // milliseconds: a part of one says nothing
}

// Console writes lines for people.
func Console(w io.Writer) io.Writer { return zerolog.ConsoleWriter{Out: w, TimeFormat: consoleTimes} }

// Form is how the process logs: from which level on, and as JSON or for a console. Both may change while loggers that were made of
// it are in use. It is safe for concurrent use.
type Form struct {
	// Static after NewForm.
	json, console io.Writer
	repeats       *repeats

	level     atomic.Int32 // a zerolog.Level
	isConsole atomic.Bool
}

// NewForm is a form that writes lines from a level on, for a console or as JSON.
func NewForm(level zerolog.Level, console bool, w io.Writer) *Form {
	f := &Form{json: w, console: Console(w), repeats: newRepeats()}
	f.Apply(level, console)
	return f
}

// Apply has everything be logged in this way from now on.
func (f *Form) Apply(level zerolog.Level, console bool) {
	f.level.Store(int32(level))
	f.isConsole.Store(console)
}

// Logger is a logger of the form.
func (f *Form) Logger() zerolog.Logger {
	return zerolog.New(f).Hook(f).With().Timestamp().Logger()
}

// Run implements zerolog.Hook: it drops what is below the level. A logger's own level could not change any more.
func (f *Form) Run(e *zerolog.Event, level zerolog.Level, _ string) {
	if int32(level) < f.level.Load() {
		e.Discard()
	}
}

// Write implements io.Writer. It gets a line at a time.
func (f *Form) Write(line []byte) (int, error) {
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

// TakeLibraries has whatever writes to standard error by the loggers of Go's library write lines of ours. Each of these is one for the
// whole process. What the runtime itself writes when the process breaks stays as it is.
func TakeLibraries(log zerolog.Logger) {
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

// NotStarted says as JSON why a process does not start, of which no settings say yet how it is to log: a line for each fault, and one
// for the end.
func NotStarted(w io.Writer, message string, faults []string) {
	log := zerolog.New(w).With().Timestamp().Logger()
	for _, fault := range faults {
		log.Error().Str("at", fault).Msg(message)
	}
	log.Error().Int("faults", len(faults)).Msg("not started")
}
