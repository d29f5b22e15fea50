package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// write prints the report for people. It has been summarized.
func (r *report) write(out io.Writer) error {
	c := r.Conditions
	where := "anywhere"
	if c.Pinned {
		where = "the proxy on one core, vendor and clients on the rest"
	}
	fmt.Fprintf(out, "\n%s, %s, %s, %d cores, %s\n", c.Go, c.Platform, c.Kernel, c.Cores, where)
	fmt.Fprintf(out, "%d generations at real time, a frame of %d bytes each 100 ms, %.1f s measured in each of %d rounds\n",
		c.Generations, c.FrameBytes, c.Duration, c.Rounds)
	fmt.Fprint(out, "median over the rounds [least - most]\n\n")
	if err := r.table(out); err != nil {
		return err
	}
	if most := r.disturbance(); most > disturbed {
		fmt.Fprintf(out, "\nOther processes kept up to %s cores busy in a round: high percentiles and their ratios say little.\n", short(most))
	}
	return nil
}

// disturbed is how many cores' work by others makes tails unreliable.
const disturbed = 0.2

// disturbance is the most that other processes did in a round.
func (r *report) disturbance() float64 {
	most := 0.0
	for _, path := range r.paths() {
		for _, round := range r.Rounds[path] {
			most = max(most, round.ElsewhereBusy)
		}
	}
	return most
}

func (r *report) table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := append([]string{"figure", "unit"}, r.paths()...)
	if len(r.Rounds[nginxPath]) > 0 {
		head = append(head, "relay / nginx")
	}
	row(t, head)
	for _, f := range r.Figures {
		cells := []string{f.Name, f.Unit}
		for _, path := range r.paths() {
			cells = append(cells, cell(f.Paths, path))
		}
		if f.Ratio != nil {
			cells = append(cells, f.Ratio.String())
		}
		row(t, cells)
	}
	r.counts(t)
	r.memoryRows(t)
	return t.Flush()
}

func row(w io.Writer, cells []string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }

func cell(paths map[string]spread, path string) string {
	if s, ok := paths[path]; ok {
		return s.String()
	}
	return "-"
}

// String is the median with what it was taken from.
func (s spread) String() string {
	return fmt.Sprintf("%s [%s - %s]", short(s.Median), short(s.Min), short(s.Max))
}

// short is a number with about three digits.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// counts are how many frames the figures stand on.
func (r *report) counts(w io.Writer) {
	received, measured, lost := []string{"frames received", ""}, []string{"frames measured", ""}, []string{"frames lost", ""}
	for _, path := range r.paths() {
		var sum round
		for _, round := range r.Rounds[path] {
			sum.Frames += round.Frames
			sum.Measured += round.Measured
			sum.Lost += round.Lost
		}
		received = append(received, fmt.Sprint(sum.Frames))
		measured = append(measured, fmt.Sprint(sum.Measured))
		lost = append(lost, fmt.Sprint(sum.Lost))
	}
	row(w, received)
	row(w, measured)
	row(w, lost)
}

func (r *report) memoryRows(w io.Writer) {
	if len(r.Memory) == 0 {
		return
	}
	for _, line := range []struct {
		name string
		of   func(*memory) float64
	}{
		{"process, one connection", func(m *memory) float64 { return m.Base }},
		{"more an idle connection", func(m *memory) float64 { return m.Idle }},
		{"more an active generation", func(m *memory) float64 { return m.Active }},
	} {
		cells := []string{line.name, "KB"}
		for _, path := range r.paths() {
			if m := r.Memory[path]; m != nil {
				cells = append(cells, short(line.of(m)))
			} else {
				cells = append(cells, "-")
			}
		}
		row(w, cells)
	}
}
