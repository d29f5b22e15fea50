package main

import "testing"

func TestGoalsAreJudgedByTheMedian(t *testing.T) {
	of := func(median float64) *spread { return &spread{Median: median, Min: 0, Max: 100} }
	tests := []struct {
		name string
		goal goal
		want verdict
	}{
		{"not measured", goal{Must: 2, Aim: 1}, unproven},
		{"above both", goal{Must: 2, Aim: 1, Measured: of(2.1)}, missed},
		{"just the one", goal{Must: 2, Aim: 1, Measured: of(2)}, met},
		{"just both", goal{Must: 2, Aim: 1, Measured: of(1)}, aimed},
		{"too little", goal{Must: 1, Aim: 2, AtLeast: true, Measured: of(0.9)}, missed},
		{"enough", goal{Must: 1, Aim: 2, AtLeast: true, Measured: of(1.9)}, met},
		{"more than asked", goal{Must: 1, Aim: 2, AtLeast: true, Measured: of(3)}, aimed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.goal.judge(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestGoalsAreTakenWhereTheyAreMeasured(t *testing.T) {
	r := testReport()
	got := make(map[string]goal)
	for _, g := range r.goals() {
		got[g.What] = g
		if got := g.Verdict; (got == unproven) != (g.Measured == nil) {
			t.Errorf("%s: got %q of %v", g.What, got, g.Measured)
		}
	}
	tests := []struct {
		what string
		want float64 // below 0: not measured
	}{
		{"latency p50, 1000 generations, relay / nginx", 1.25},
		{"CPU a frame, 2000 generations, relay / nginx", -1},
		{"KB a connection, idle", 12.34},
		{"cancel to vendor told, p99, ms", 3},
	}
	for _, test := range tests {
		m := got[test.what].Measured
		if (m != nil) != (test.want >= 0) || m != nil && m.Median != test.want {
			t.Errorf("%s: got %v, want %v", test.what, m, test.want)
		}
	}
}

func TestNoProxyIsBlamedForWhatOthersDid(t *testing.T) {
	tests := []struct {
		name   string
		change func(*round)
		rounds int // of two on each path
		want   verdict
	}{
		{"a clear run", func(*round) {}, 2, missed},
		{"one bad round of each", func(r *round) { r.HarnessLate = true }, 1, missed},
		{"a load generator that was late", func(r *round) { r.HarnessLate = true }, 2, clouded},
		{"others at work", func(r *round) { r.ElsewhereBusy = 1 }, 2, clouded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := testReport()
			for path, rounds := range r.Levels[0].Rounds {
				for i, round := range rounds {
					if path == relayPath {
						round.Latency.P50 = 1e6
					}
					if i < test.rounds {
						test.change(round)
					}
				}
			}
			if got := r.goals()[0].Verdict; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
