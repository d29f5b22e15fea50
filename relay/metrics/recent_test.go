package metrics

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// at is a moment within a step of its own.
func at(step int64) time.Time { return time.Unix(step*10+3, 0) }

// What happened is in the step of its time, and gone after an hour.
func TestRecentKeepsAnHour(t *testing.T) {
	var r Recent
	r.noteAt(at(1000), func(s *slot) { s.counts.Generations++ })
	r.noteAt(at(1002), func(s *slot) { s.counts.Failed++ })
	points := r.Points(time.Time{}, at(1003))
	if len(points) != 3 || points[0].Generations != 1 || points[1].Generations != 0 || points[2].Failed != 1 {
		t.Errorf("the points are %+v", points)
	}
	if after := r.Points(points[1].At, at(1003)); len(after) != 1 || after[0].Failed != 1 {
		t.Errorf("the points after the second are %+v", after)
	}
	if sum := r.Since(at(1001), at(1003)); sum.Generations != 0 || sum.Failed != 1 {
		t.Errorf("the sum of the last two steps is %+v", sum.Counts)
	}
	later := at(1000 + recentKept)
	r.noteAt(later, func(s *slot) { s.counts.Generations += 5 })
	if sum := r.Since(time.Time{}, later); sum.Generations != 5 {
		t.Errorf("an hour later the sum is %+v", sum.Counts)
	}
	if points := r.Points(time.Time{}, later.Add(RecentStep)); len(points) >= recentKept {
		t.Errorf("there are %d points", len(points))
	}
}

// A point that was taken does not change with what happens later.
func TestPointsAreCopies(t *testing.T) {
	var r Recent
	note := func() {
		r.noteAt(at(1000), func(s *slot) {
			add(&s.counts.Refusals, "x", 1)
			add(&s.vendor("v").Kinds, "timeout", 1)
		})
	}
	note()
	points := r.Points(time.Time{}, at(1001))
	note()
	if p := points[0]; p.Refusals["x"] != 1 || p.Vendors["v"].Kinds["timeout"] != 1 {
		t.Errorf("the point has become %+v", p)
	}
}

// However many tenants and providers there are, a step has room for so many.
func TestRecentIsBounded(t *testing.T) {
	var r Recent
	for i := range 3 * recentNames {
		r.TenantRefused(time.Duration(i).String(), "x")
		r.attemptEnded(time.Duration(i).String(), "")
	}
	now := time.Now()
	sum := r.Since(now.Add(-time.Minute), now)
	if len(sum.Tenants) > 2*recentNames || len(sum.Vendors) > 2*recentNames { // the step may have changed meanwhile
		t.Errorf("%d tenants and %d providers are kept", len(sum.Tenants), len(sum.Vendors))
	}
}

// A quantile is right to a twentieth, and that of sums is that of all.
func TestSpreadTellsQuantiles(t *testing.T) {
	var low, high Spread
	for i := range 100 {
		low.Note(time.Duration(i+1) * time.Millisecond)
		high.Note(time.Duration(i+101) * time.Millisecond)
	}
	low.Add(&high)
	for share, want := range map[float64]time.Duration{0.5: 100 * time.Millisecond, 0.95: 190 * time.Millisecond, 0.99: 198 * time.Millisecond} {
		got, ok := low.Quantile(share)
		if off := math.Abs(float64(got-want)) / float64(want); !ok || off > 0.06 {
			t.Errorf("the quantile of %v is %v, want %v", share, got, want)
		}
	}
	if _, ok := (&Spread{}).Quantile(0.5); ok {
		t.Error("nothing has a quantile")
	}
	low.Note(time.Hour)
	low.Note(-time.Second)
	text, err := json.Marshal(&low)
	if err != nil {
		t.Fatal(err)
	}
	var read Spread
	if err := json.Unmarshal(text, &read); err != nil || read != low {
		t.Errorf("what was written is read as another (%v)", err)
	}
	for _, faulty := range []string{`{"98":1}`, `{"-1":1}`, `[]`, `{"1":-1}`} {
		if err := json.Unmarshal([]byte(faulty), &read); err == nil {
			t.Errorf("%s is read", faulty)
		}
	}
}
