package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// clock is the run's: what vendor and clients note is comparable.
type clock struct{ base time.Time }

func newClock() clock { return clock{base: time.Now()} }

func (c clock) now() time.Duration { return time.Since(c.base) }

// percentile is the smallest value that at least p percent of the sorted values do not exceed; 0 of none.
func percentile[T cmp.Ordered](sorted []T, p float64) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// quantiles are what is reported of many durations, in microseconds.
type quantiles struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_us"`
	P99   float64 `json:"p99_us"`
	Max   float64 `json:"max_us"`
}

// quantilesOf sorts the durations.
func quantilesOf(durations []time.Duration) quantiles {
	slices.Sort(durations)
	return quantiles{
		Count: len(durations),
		P50:   microseconds(percentile(durations, 50)),
		P99:   microseconds(percentile(durations, 99)),
		Max:   microseconds(percentile(durations, 100)),
	}
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// spread is a figure over the rounds.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf leaves out what is no number: a ratio to nothing.
func spreadOf(values []float64) spread {
	sorted := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(sorted) == 0 {
		return spread{}
	}
	slices.Sort(sorted)
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + median) / 2
	}
	return spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// ratios divides round by round: what disturbed one path in a round likely disturbed the other too.
func ratios(over, under []float64) []float64 {
	var quotients []float64
	for i := range min(len(over), len(under)) {
		quotients = append(quotients, over[i]/under[i])
	}
	return quotients
}
