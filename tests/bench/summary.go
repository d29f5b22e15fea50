package main

import (
	"errors"
	"fmt"
	"io"
)

// summarize makes tables of what was measured.
func (r *report) summarize() {
	r.Sections = nil
	for _, l := range r.Levels {
		if l.Generations >= fullLevel || len(r.Levels) == 1 {
			r.Sections = append(r.Sections, l.section())
		}
	}
	for _, add := range []func() (section, bool){r.growth, r.flatSection, r.aheadSection, r.farSection, r.memorySection} {
		if s, ok := add(); ok {
			r.Sections = append(r.Sections, s)
		}
	}
	r.Goals = r.goals()
}

// write prints the report, in Markdown that is read as it stands as well. It has been summarized.
func (r *report) write(out io.Writer) error {
	c := r.Conditions
	where := "anywhere"
	if c.Pinned {
		where = "the proxy on one core, vendor and clients on the rest"
	}
	fmt.Fprintf(out, "\n%s, %s, %s, %d cores, %s. ", c.Go, c.Platform, c.Kernel, c.Cores, where)
	fmt.Fprintf(out, "Frames of %d bytes, %.1f s measured in each round, %d rounds or fewer.\n", c.FrameBytes, c.Duration, c.Rounds)
	fmt.Fprint(out, "Medians over the rounds [least - most].\n")
	for _, s := range r.Sections {
		if err := s.write(out); err != nil {
			return err
		}
	}
	if r.Capacity != nil {
		if err := r.capacityTable().write(out); err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%d are held. %s.\n", r.Capacity.Held, r.Capacity.Why)
	}
	return writeGoals(out, r.Goals)
}

// keep writes the files that are asked for.
func (r *report) keep(s *settings) error {
	var errs []error
	if s.json != "" {
		errs = append(errs, r.save(s.json))
	}
	if s.svg != "" {
		errs = append(errs, r.draw(s.svg))
	}
	return errors.Join(errs...)
}
