package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// upTo answers as a relay that holds so many.
func upTo(most int, otherwise outcome) func(int) (capacityStep, error) {
	return func(n int) (capacityStep, error) {
		if n <= most {
			return capacityStep{Generations: n, Outcome: held}, nil
		}
		return capacityStep{Generations: n, Outcome: otherwise}, nil
	}
}

func TestSearchComesClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, mostGenerations+500).Draw(t, "most")
		c, err := search(upTo(most, relayLate))
		if err != nil {
			t.Fatal(err)
		}
		if c.Held > most || c.Over != 0 && c.Over <= most || len(c.Steps) > capacitySteps {
			t.Fatalf("found %d to %d in %d steps", c.Held, c.Over, len(c.Steps))
		}
		if most >= mostGenerations && c.Held != mostGenerations {
			t.Fatalf("found %d, want the most that are tried", c.Held)
		}
	})
}

func TestSearchTriesTwiceBeforeItBelieves(t *testing.T) {
	disturbed := true
	c, err := search(func(n int) (capacityStep, error) {
		if n == 2*capacityStart && disturbed {
			disturbed = false
			return capacityStep{Generations: n, Outcome: relayLate}, nil
		}
		return upTo(2*capacityStart, relayLate)(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Held != 2*capacityStart {
		t.Errorf("found %d after one disturbance, want %d", c.Held, 2*capacityStart)
	}
}

func TestSearchSaysWhatEndedIt(t *testing.T) {
	for want, most := range map[string]int{string(harnessOut): 1500, "are not tried": 100000} {
		if c, err := search(upTo(most, harnessOut)); err != nil || !strings.Contains(c.Why, want) {
			t.Errorf("a relay that holds %d: got %+v, %v, want %q", most, c, err, want)
		}
	}
}

func TestSearchEndsWithTheRun(t *testing.T) {
	tries := 0
	_, err := search(func(int) (capacityStep, error) {
		tries++
		return capacityStep{}, context.Canceled
	})
	if !errors.Is(err, context.Canceled) || tries != 1 {
		t.Errorf("got %v after %d tries", err, tries)
	}
}

// A proxy is not blamed for a load generator that was late.
func TestTryTellsWhoWasLate(t *testing.T) {
	const fast, slow = 1000, 30000 // us
	tests := []struct {
		name  string
		round round
		want  outcome
	}{
		{"in time", round{Measured: 1, Latency: quantiles{P99: fast}}, held},
		{"in time though the harness was late", round{Measured: 1, Latency: quantiles{P99: fast}, HarnessLate: true}, held},
		{"late", round{Measured: 1, Latency: quantiles{P99: slow}}, relayLate},
		{"late as was the harness", round{Measured: 1, Latency: quantiles{P99: slow}, HarnessLate: true}, harnessOut},
		{"late while others were at work", round{Measured: 1, Latency: quantiles{P99: slow}, ElsewhereBusy: 1}, othersOut},
		{"a frame lost", round{Measured: 1, Latency: quantiles{P99: fast}, Lost: 1}, relayLate},
		{"nothing", round{}, relayLate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.round.outcome(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTryOutlivesARoundThatBreaks(t *testing.T) {
	v := startTestVendor(t)
	if err := v.close(); err != nil {
		t.Fatal(err)
	}
	step, err := testBench(t, v).try(t.Context(), newDirect(v), 2)
	blamed := step.Outcome == broke || step.Outcome == othersOut || step.Outcome == harnessOut // what else the machine does
	if err != nil || !blamed || step.P99 != 0 {
		t.Errorf("got %+v, %v", step, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := testBench(t, v).try(ctx, newDirect(v), 2); !errors.Is(err, errEnough) {
		t.Errorf("got %v of a run that is over", err)
	}
}

func TestCapacityIsToldAsItWasFound(t *testing.T) {
	c, err := search(upTo(1300, relayLate))
	if err != nil {
		t.Fatal(err)
	}
	r := &report{Capacity: c}
	for out, want := range map[outcome]verdict{relayLate: missed, harnessOut: open} {
		c, err := search(upTo(1300, out))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range (&report{Capacity: c}).goals() {
			if g.What == heldGoal && g.Verdict != want {
				t.Errorf("%s: got %q, want %q", out, g.Verdict, want)
			}
		}
	}
	table := r.capacityTable()
	if len(table.rows) != len(c.Steps) || !slices.Contains(table.rows[1], string(relayLate)) {
		t.Errorf("got %v", table.rows)
	}
	if g := r.heldGenerations(); g == nil || g.Median != float64(c.Held) {
		t.Errorf("got %v as what is held, want %d", g, c.Held)
	}
}
