package main

import (
	"fmt"
	"io"
	"os"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"voicerelay/config"
	"voicerelay/logging"
)

// newLogForm is how the settings have everything be logged.
func newLogForm(s *config.Settings, w io.Writer) *logging.Form {
	return logging.NewForm(s.LogLevel, s.LogConsole, w)
}

// refuseStart says why the relay does not start, a line for each fault, before its configuration says how to log: in plain text for
// a person at a terminal, else as JSON.
func refuseStart(stderr io.Writer, message string, faults ...string) {
	if isTerminal(stderr) {
		for _, fault := range faults {
			fmt.Fprintln(stderr, logging.Printable(fault))
		}
		return
	}
	logging.NotStarted(stderr, message, faults)
}

func logWarnings(warnings []config.Warning, log zerolog.Logger) {
	for _, w := range warnings {
		log.Warn().Str("at", w.String()).Msg("configuration")
	}
}

func logOpen(log zerolog.Logger) {
	log.Warn().Msg("no keys are configured: every program on this machine may speak, and nothing else")
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
