package main

import (
	"context"
	"flag"
	"fmt"
	"os"
)

// check validates a configuration: `relay check [-config config.yaml]`. Faults and warnings go to standard error,
// each on its line.
func check(_ context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay check", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	s, warnings, err := loadConfig(*path, os.LookupEnv)
	for _, w := range warnings {
		fmt.Fprintln(std.err, "warning:", printable(w.String()))
	}
	if err != nil {
		fmt.Fprintln(std.err, printableLines(err.Error()))
		return exitFault
	}
	fmt.Fprintf(std.out, "%s is valid: %s\n", *path, s.summary())
	return exitOK
}

// summary is what a configuration comes to, in a line.
func (s *settings) summary() string {
	return fmt.Sprintf("providers that can speak: %d, routes: %d, voices: %d, keys: %d",
		len(s.Providers), len(s.Routing.Routes), len(s.Routing.Voices), len(s.Keys))
}
