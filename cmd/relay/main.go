// Command relay stands between voice agents and their text-to-speech vendors.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"voicerelay/logging"
	"voicerelay/program"
)

// verb is what the program can be told to do. It returns the process's exit code.
type verb struct {
	name, summary string
	run           func(ctx context.Context, args []string, std stdio) int
}

// commands are the verbs in the order in which the usage lists them.
func commands() []verb {
	return []verb{
		{"demo", "vendor emulators and the relay before them, speaking; no key and no file needed", demo},
		{"serve", "the relay, as config.yaml says", serve},
		{"check", "validate a configuration, all faults at once", check},
		{"say", "speak a text, or standard input as it comes, through a relay", say},
		{"cert", "make a CA and a certificate for trials of clients that insist on wss", cert},
		{"ready", "ask a relay whether it takes new connections; exit status 0 if so", ready},
		{"usage", "what was spoken and what it cost, also beside a running relay", usageReport},
		{"prices", "a price list: the configuration's, or the one that records name", printPrices},
		{"ledger", "verify: check the ledger, and Redis against it; ship: bring Redis what it lacks; forget: a relay that is gone", ledgerWork},
		{"emulate", "one vendor's emulator, for tests", emulate},
		{"version", "what this binary was built from", version},
	}
}

func main() {
	if code, done := program.Inside(os.Args[1:]); done {
		os.Exit(code)
	}
	logging.SetUp()
	if err := keepPrivate(); err != nil { // before any secret is read
		refuseStart(os.Stderr, "memory can't be kept private", err.Error())
		os.Exit(exitFault)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// run carries out a command line.
func run(ctx context.Context, args []string, std stdio) int {
	if len(args) == 0 {
		listCommands(std.err)
		return exitUsage
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], std)
		}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		listCommands(std.out)
		return exitOK
	}
	fmt.Fprintf(std.err, "relay: unknown command %q\n\n", args[0])
	listCommands(std.err)
	return exitUsage
}

func listCommands(w io.Writer) {
	fmt.Fprint(w, "usage: relay COMMAND [flags]; relay COMMAND -h lists a command's flags\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
	}
}
