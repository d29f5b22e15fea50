package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errout io.Writer) int {
	s, err := parseFlags(args, errout)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage // parseFlags has said what is wrong
	}
	if err := measure(ctx, s, out); err != nil {
		fmt.Fprintln(errout, "bench:", err)
		return exitFault
	}
	return exitOK
}

// measure runs the benchmark and reports.
func measure(ctx context.Context, s *settings, out io.Writer) error {
	former, err := readFormer(s.compare) // before the run, for it takes minutes
	if err != nil {
		return err
	}
	r, err := runBench(ctx, s, out)
	if err != nil {
		return err
	}
	r.summarize()
	if err := r.write(out); err != nil {
		return err
	}
	if former != nil {
		if err := r.compare(former).write(out); err != nil {
			return err
		}
	}
	return errors.Join(r.keep(s), r.faults())
}
