package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// Exit codes, as shells and service managers expect them.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
	exitAway  = 3 // Redis can't be reached, so that nothing can be said of what it has
)

// stdio is what a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// parseFlags parses a command's flags. done is set where nothing is left to do, with the exit code.
func parseFlags(flags *flag.FlagSet, args []string, stderr io.Writer) (done bool, code int) {
	flags.SetOutput(stderr)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return true, exitOK
	case err != nil:
		return true, exitUsage
	}
	return false, exitOK
}

// noArguments refuses what stands after the flags.
func noArguments(flags *flag.FlagSet, stderr io.Writer) bool {
	if flags.NArg() == 0 {
		return true
	}
	fmt.Fprintf(stderr, "%s: unexpected argument %q\n", flags.Name(), flags.Arg(0))
	return false
}
