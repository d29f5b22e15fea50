package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

func parseFlags(args []string, errout io.Writer) (*settings, error) {
	s := &settings{generations: levels{1, 10, 100, 300, 1000, 2000}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errout)
	flags.Var(&s.generations, "generations", "`numbers` of generations that speak at once, each on its own connection")
	flags.DurationVar(&s.duration, "duration", 1500*time.Millisecond, "what is measured in each round of each path")
	flags.IntVar(&s.rounds, "rounds", 3, "how often each path has its turn")
	flags.IntVar(&s.idle, "idle", 1000, "idle connections; 0: measure nothing of them")
	flags.BoolVar(&s.pin, "pin", true, "keep the proxies to one core and everything else to the others, where there are two")
	flags.StringVar(&s.paths, "paths", strings.Join(allPaths, ","), "the ways that are measured; one alone is useful beside a profiler")
	flags.StringVar(&s.parts, "parts", strings.Join(partNames(), ","), "what is measured")
	flags.StringVar(&s.json, "json", "", "write the result to this `file`, as JSON")
	flags.StringVar(&s.svg, "svg", "", "draw how cost and latency grow into this `file`")
	flags.StringVar(&s.compare, "compare", "", "say what has changed since the result in this `file`")
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
	outside := func(n int) bool { return n < 1 || n > mostGenerations }
	switch {
	case arguments > 0:
		return errors.New("takes flags only")
	case slices.ContainsFunc(s.generations, outside):
		return fmt.Errorf("-generations must each be 1 to %d", mostGenerations)
	case s.duration < 100*time.Millisecond || s.duration > time.Minute:
		return errors.New("-duration must be 100ms to 1m")
	case s.rounds < 1 || s.rounds > 100:
		return errors.New("-rounds must be 1 to 100")
	case !subset(s.paths, allPaths):
		return fmt.Errorf("-paths must name some of %v", allPaths)
	case !subset(s.parts, partNames()):
		return fmt.Errorf("-parts must name some of %v", partNames())
	case s.idle < 0 || s.idle > mostGenerations:
		return fmt.Errorf("-idle must be 0 to %d", mostGenerations)
	}
	return nil
}

// subset reports whether a list, separated by commas, names nothing but some of these.
func subset(list string, of []string) bool {
	for name := range strings.SplitSeq(list, ",") {
		if !slices.Contains(of, name) {
			return false
		}
	}
	return true
}
