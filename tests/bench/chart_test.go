package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// elements counts a picture's elements by name. It fails where the picture is not well-formed.
func elements(t *testing.T, svg string) map[string]int {
	t.Helper()
	count := make(map[string]int)
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return count
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, svg)
		}
		if start, ok := token.(xml.StartElement); ok {
			count[start.Name.Local]++
		}
	}
}

func TestChartHasALineForEachPath(t *testing.T) {
	r := testReport()
	more := *r.Levels[0]
	more.Generations = 10
	beside := more
	beside.Idle = 500 // not in the picture
	r.Levels = append([]*level{&more}, r.Levels[0], &beside)
	file := filepath.Join(t.TempDir(), "chart.svg")
	if err := r.draw(file); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const lines = 2 + 2*3 // nginx and relay; then three paths with two each
	if got := elements(t, string(svg)); got["polyline"] != lines || got["circle"] != 2*lines {
		t.Errorf("got %v, want %d lines of two points", got, lines)
	}
	if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
		t.Errorf("a point that is no number:\n%s", svg)
	}
}

func TestChartOfNothing(t *testing.T) {
	if got := elements(t, (&report{}).chart()); got["svg"] != 1 || got["polyline"] != 0 {
		t.Errorf("got %v", got)
	}
}

func TestAxis(t *testing.T) {
	a := axis{low: 1, high: 1, from: 0, to: 100}
	a.take(30)
	a.take(0) // nothing to show, but no fault
	if a = a.rounded(); a.low != leastShown || a.high != 100 {
		t.Errorf("got %v to %v", a.low, a.high)
	}
	a = axis{low: 10, high: 1000, from: 200, to: 100}
	for v, want := range map[float64]float64{10: 200, 100: 150, 1000: 100} {
		if got := a.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v, want %v", v, got, want)
		}
	}
	if got, want := a.ticks(), []float64{10, 20, 50, 100, 200, 500, 1000}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLabelsDoNotOverlap(t *testing.T) {
	y := axis{low: 1, high: 1000, from: 300, to: 0}
	var curves []curve
	for _, end := range []float64{100, 101, 500, 100, 99, 510} {
		curves = append(curves, curve{points: []point{{1, 1}, {2, end}}})
	}
	places := spacedLabels(curves, y)
	slices.Sort(places)
	for i := 1; i < len(places); i++ {
		if places[i]-places[i-1] < labelHeight-1e-9 {
			t.Errorf("names at %v and %v", places[i-1], places[i])
		}
	}
}
