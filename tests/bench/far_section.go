package main

import "fmt"

// farSection compares the ways, and gives the relay's in proportion to the direct ones of the same turn.
func (r *report) farSection() (section, bool) {
	s := section{
		Title:   fmt.Sprintf("First audio from a vendor %v away, behind TLS", 2*farDistance),
		Columns: present(farWays, r.Far),
	}
	s.Figures = append(s.Figures, tabulate("first audio", "ms", r.Far, func(ms float64) float64 { return ms }))
	for _, under := range []string{directWarm, directFresh} {
		f := figure{Name: "divided by " + under, Columns: make(map[string]spread)}
		for _, way := range s.Columns {
			f.Columns[way] = spreadOf(ratios(r.Far[way], r.Far[under]))
		}
		s.Figures = append(s.Figures, f)
	}
	return s, len(r.Far) > 0
}

// warmRatio is the first audio of a relay with a warm socket, over that of a direct way; nil where it was not measured.
func (r *report) warmRatio(direct string) *spread {
	return spreadIfAny(ratios(r.Far[relayWarm], r.Far[direct]))
}
