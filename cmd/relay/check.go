package main

import (
	"context"
	"flag"
	"fmt"

	"voicerelay/config"
	"voicerelay/logging"
)

// check validates a configuration: `relay check [-config config.yaml]`. Faults and warnings go to standard error,
// each on its line.
func check(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay check", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	s, warnings, err := config.Load(*path, configEnvironment())
	for _, w := range warnings {
		fmt.Fprintln(std.err, "warning:", logging.Printable(w.String()))
	}
	if err != nil {
		fmt.Fprintln(std.err, logging.PrintableLines(err.Error()))
		return exitFault
	}
	for _, remark := range s.Unpriced() {
		fmt.Fprintln(std.err, "warning:", logging.Printable(remark))
	}
	fmt.Fprintf(std.out, "%s is valid: %s\n", *path, s.Summary())
	return checkEncoders(ctx, s, std)
}
