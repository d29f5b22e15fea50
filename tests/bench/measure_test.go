package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	tests := []struct {
		name   string
		sorted []int
		p      float64
		want   int
	}{
		{"none", nil, 50, 0},
		{"one", []int{7}, 99, 7},
		{"half of two", []int{1, 2}, 50, 1},
		{"half of three", []int{1, 2, 3}, 50, 2},
		{"half of a hundred", hundred, 50, 50},
		{"99 of a hundred", hundred, 99, 99},
		{"just above", hundred, 99.1, 100},
		{"all", hundred, 100, 100},
		{"nothing", hundred, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := percentile(test.sorted, test.p); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestPercentileCoversItsShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 200).Draw(t, "values")
		p := rapid.Float64Range(1, 100).Draw(t, "p")
		slices.Sort(values)
		got := percentile(values, p)
		upTo, below := 0, 0
		for _, v := range values {
			if v <= got {
				upTo++
			}
			if v < got {
				below++
			}
		}
		need := p / 100 * float64(len(values))
		if float64(upTo) < need-1e-9 || float64(below) >= need {
			t.Fatalf("%d covers %d, the value before it %d, of %d", got, upTo, below, len(values))
		}
	})
}

func TestQuantilesOf(t *testing.T) {
	got := quantilesOf([]time.Duration{3 * time.Millisecond, time.Microsecond, 2 * time.Microsecond})
	if want := (quantiles{Count: 3, P50: 2, P99: 3000, Max: 3000}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := quantilesOf(nil); got != (quantiles{}) {
		t.Errorf("got %+v of nothing", got)
	}
}

func TestSpreadOf(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   spread
	}{
		{"none", nil, spread{}},
		{"one", []float64{2}, spread{2, 2, 2}},
		{"odd", []float64{3, 1, 2}, spread{2, 1, 3}},
		{"even", []float64{4, 1, 2, 8}, spread{3, 1, 8}},
		{"no numbers", []float64{math.NaN(), 5, math.Inf(1)}, spread{5, 5, 5}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := spreadOf(test.values); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	if got, want := ratios([]float64{2, 30, 9}, []float64{1, 10}), []float64{2, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
