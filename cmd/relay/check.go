package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// Exit codes, as shells and service managers expect them.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

// check validates a configuration: `relay check [-config config.yaml]`. Faults and warnings go to stderr, each on
// its line. It returns the process's exit code.
func check(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("relay check", flag.ContinueOnError)
	flags.SetOutput(stderr)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "relay check: unexpected argument %q\n", flags.Arg(0))
		return exitUsage
	}
	s, warnings, err := loadConfig(*path, os.LookupEnv)
	for _, w := range warnings {
		fmt.Fprintln(stderr, "warning:", w)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFault
	}
	fmt.Fprintf(stdout, "%s is valid: %s\n", *path, s.summary())
	return exitOK
}

// summary is what a configuration comes to, in a line.
func (s *settings) summary() string {
	return fmt.Sprintf("%d of its providers can speak, %d routes, %d voices, %d keys",
		len(s.Providers), len(s.Routing.Routes), len(s.Routing.Voices), len(s.Keys))
}
