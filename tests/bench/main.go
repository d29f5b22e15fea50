package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
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

// settings are what the flags say.
type settings struct {
	generations int           // that speak at once
	duration    time.Duration // measured in each round of each path
	rounds      int
	idle        int // connections that only memory is measured of
	pin         bool
	paths       string        // that are measured, separated by commas
	json        string // file for the result; empty: none
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

func parseFlags(args []string, errout io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errout)
	flags.IntVar(&s.generations, "generations", 200, "generations that speak at once, each on its own connection")
	flags.DurationVar(&s.duration, "duration", 3*time.Second, "what is measured in each round of each path")
	flags.IntVar(&s.rounds, "rounds", 3, "how often each path has its turn")
	flags.IntVar(&s.idle, "idle", 1000, "idle connections for the memory figures; 0: leave them out")
	flags.BoolVar(&s.pin, "pin", true, "keep the proxies to one core and everything else to the others, where there are two")
	flags.StringVar(&s.paths, "paths", strings.Join(allPaths, ","), "what is measured; one alone is useful beside a profiler")
	flags.StringVar(&s.json, "json", "", "write the result to this `file`, as JSON")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	err := s.validate(flags.NArg())
	if err != nil {
		fmt.Fprintln(errout, "bench:", err)
	}
	return s, err
}

func (s *settings) validate(arguments int) error {
	switch {
	case arguments > 0:
		return errors.New("takes flags only")
	case s.generations < 2 || s.generations > 5000:
		return errors.New("-generations must be 2 to 5000")
	case s.duration < 100*time.Millisecond || s.duration > time.Minute:
		return errors.New("-duration must be 100ms to 1m")
	case s.rounds < 1 || s.rounds > 100:
		return errors.New("-rounds must be 1 to 100")
	case !slices.ContainsFunc(allPaths, s.measures):
		return fmt.Errorf("-paths must name some of %v", allPaths)
	case s.idle < 0 || s.idle > 5000:
		return errors.New("-idle must be 0 to 5000")
	}
	return nil
}

// measures reports whether a path is to be measured.
func (s *settings) measures(path string) bool {
	return slices.Contains(strings.Split(s.paths, ","), path)
}

// measure runs the benchmark and reports.
func measure(ctx context.Context, s *settings, out io.Writer) error {
	r, err := runBench(ctx, s, out)
	if err != nil {
		return err
	}
	r.summarize()
	if err := r.write(out); err != nil {
		return err
	}
	if s.json != "" {
		if err := r.save(s.json); err != nil {
			return err
		}
	}
	return r.verdict()
}
