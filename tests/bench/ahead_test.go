package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBehindLatest(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name     string
		arrivals []arrival
		want     []time.Duration
	}{
		{"none", nil, nil},
		{"each passed on at once", []arrival{{0, 1 * ms}, {20 * ms, 2 * ms}}, []time.Duration{1 * ms, 2 * ms}},
		{"held until the next but one came", []arrival{{0, 43 * ms}, {20 * ms, 24 * ms}, {40 * ms, 5 * ms}}, []time.Duration{3 * ms, 4 * ms, 5 * ms}},
		{"in the moment of another", []arrival{{0, 20 * ms}, {20 * ms, 1 * ms}}, []time.Duration{0, 1 * ms}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := behindLatest(test.arrivals); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Five times the pace is five times the audio in the same time, and all of it is heard.
func TestLoadAheadOfRealTime(t *testing.T) {
	t.Parallel()
	v := startPacedVendor(t, aheadPace)
	r, err := testBench(t, v).aheadRound(t.Context(), newDirect(v), demand{generations: 4, duration: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if least := 4 * aheadPace; r.Measured < least || r.Lost != 0 {
		t.Errorf("measured %d frames, want %d; lost %d", r.Measured, least, r.Lost)
	}
	if r.Begin.Count != 4*(surelySent-mayAwaitBook) || r.Held.Count != r.Frames-4*surelySent || r.Behind.Count != r.Frames {
		t.Errorf("of %d frames %d were of the beginning, %d later, %d in all", r.Frames, r.Begin.Count, r.Held.Count, r.Behind.Count)
	}
}

func TestMallocsIn(t *testing.T) {
	const metrics = "# HELP go_memstats_mallocs_total x\ngo_memstats_mallocs_total 1.25e+06\ngo_memstats_other 3\n"
	if got, err := mallocsIn(strings.NewReader(metrics)); err != nil || got != 1.25e6 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := mallocsIn(strings.NewReader("other 1\n")); err == nil {
		t.Error("found a number that is not there")
	}
}
