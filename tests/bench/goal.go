package main

import (
	"fmt"
	"io"
)

// Where the goals are measured.
const (
	latencyLevel = 1000 // generations
	cpuLevel     = 2000
)

const heldGoal = "generations that one core holds, p99 < 20 ms"

// fewAllocations is none a frame: what comes once a second in a process is not the frames'.
const fewAllocations = 0.1

// goals holds what was measured against what is to be reached. The median decides.
func (r *report) goals() []goal {
	latency := fmt.Sprintf("latency %%s, %d generations, relay / nginx", latencyLevel)
	all := []goal{
		{What: fmt.Sprintf(latency, "p50"), Must: 1.5, Aim: 1.2, Level: latencyLevel, Measured: r.levelRatio(latencyLevel, func(r *round) float64 { return r.Latency.P50 })},
		{What: fmt.Sprintf(latency, "p99"), Must: 3, Aim: 1.5, Level: latencyLevel, Measured: r.levelRatio(latencyLevel, func(r *round) float64 { return r.Latency.P99 })},
		{What: fmt.Sprintf("CPU a frame, %d generations, relay / nginx", cpuLevel), Must: 2.2, Aim: 1.5, Level: cpuLevel, Measured: r.levelRatio(cpuLevel, func(r *round) float64 { return r.CPUPerFrame })},
		{What: "flat out, frames a second, relay / nginx", Must: 0.5, Aim: 0.9, AtLeast: true, Measured: compared("", "", r.Flat, func(r *flatRound) float64 { return r.FrameRate }).Ratio},
		{What: heldGoal, Must: 1900, Aim: 3000, AtLeast: true, Measured: r.heldGenerations()},
		{What: "KB a connection, idle", Must: 20, Aim: 12, Measured: r.relayMemory(func(m *memory) float64 { return m.Idle })},
		{What: "KB a generation, active", Must: 40, Aim: 16, Measured: r.relayMemory(func(m *memory) float64 { return m.Active })},
		{What: "allocations a frame", Must: fewAllocations, Aim: fewAllocations, Measured: spreadIfAny(r.Allocations)},
		{What: "first audio, warm socket, 40 ms away, / direct warm", Must: 1.1, Aim: 1.03, Measured: r.warmRatio(directWarm)},
		{What: "first audio, warm socket, 40 ms away, / direct fresh", Must: 0.3, Aim: 0.26, Measured: r.warmRatio(directFresh)},
		{What: "cancel to vendor told, p50, ms", Must: 5, Aim: 1, Level: latencyLevel, Measured: r.relayAt(latencyLevel, func(r *round) float64 { return r.Cancel.P50 / 1000 })},
		{What: "cancel to vendor told, p99, ms", Must: 50, Aim: 10, Level: latencyLevel, Measured: r.relayAt(latencyLevel, func(r *round) float64 { return r.Cancel.P99 / 1000 })},
	}
	for i := range all {
		all[i].Verdict = all[i].judge()
		if all[i].Verdict == missed && r.cloudedAt(all[i].Level) {
			all[i].Verdict = clouded
		}
		if all[i].What == heldGoal && all[i].Verdict == missed && r.Capacity.open() {
			all[i].Verdict = open
		}
	}
	return all
}

func (g goal) judge() verdict {
	if g.Measured == nil {
		return unproven
	}
	reaches := func(bound float64) bool {
		if g.AtLeast {
			return g.Measured.Median >= bound
		}
		return g.Measured.Median <= bound
	}
	switch {
	case reaches(g.Aim):
		return aimed
	case reaches(g.Must):
		return met
	}
	return missed
}

// roundsAt are the rounds of that many generations, with no idle connections.
func (r *report) roundsAt(generations int) map[string][]*round {
	for _, l := range r.Levels {
		if l.Generations == generations && l.Idle == 0 {
			return l.Rounds
		}
	}
	return nil
}

// levelRatio is nil where there is nothing to compare.
func (r *report) levelRatio(generations int, of func(*round) float64) *spread {
	return compared("", "", r.roundsAt(generations), of).Ratio
}

func (r *report) relayAt(generations int, of func(*round) float64) *spread {
	return spreadIfAny(values(r.roundsAt(generations)[relayPath], of))
}

func (r *report) relayMemory(of func(*memory) float64) *spread {
	if m := r.Memory[relayPath]; m != nil {
		return spreadIfAny([]float64{of(m)})
	}
	return nil
}

// cloudedAt reports whether in most rounds of a level something else than a proxy was what limited.
func (r *report) cloudedAt(generations int) bool {
	all, undisturbed := 0, 0
	for _, rounds := range r.roundsAt(generations) {
		for _, round := range rounds {
			all++
			if !round.HarnessLate && round.ElsewhereBusy <= disturbed {
				undisturbed++
			}
		}
	}
	return 2*undisturbed < all
}

func (r *report) heldGenerations() *spread {
	if r.Capacity == nil {
		return nil
	}
	return spreadIfAny([]float64{float64(r.Capacity.Held)})
}

func writeGoals(out io.Writer, goals []goal) error {
	t := &table{title: "Numbers to reach", head: []string{"what", "must", "aim", "measured", ""}}
	for _, g := range goals {
		measured := "-"
		if g.Measured != nil {
			measured = g.Measured.String()
		}
		t.rows = append(t.rows, []string{g.What, bound(g.Must, g.AtLeast), bound(g.Aim, g.AtLeast), measured, string(g.Verdict)})
	}
	return t.write(out)
}

func bound(v float64, atLeast bool) string {
	if atLeast {
		return ">= " + short(v)
	}
	return "<= " + short(v)
}
