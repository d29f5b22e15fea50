package engine

import (
	"testing"
	"time"
)

func TestWindowCountsTheLatest(t *testing.T) {
	w := Window{Most: 2, Length: time.Minute}
	began := time.Unix(1000, 0)
	for _, step := range []struct {
		at   time.Duration
		may  bool
		next time.Duration
	}{
		{0, true, 0},
		{20 * time.Second, true, 40 * time.Second},
		{30 * time.Second, false, 30 * time.Second},
		{time.Minute, true, 20 * time.Second},
		{70 * time.Second, false, 10 * time.Second},
		{80 * time.Second, true, 40 * time.Second},
	} {
		if got := w.Take(began.Add(step.at)); got != step.may {
			t.Errorf("after %v: got %t, want %t", step.at, got, step.may)
		}
		if got := w.Next(began.Add(step.at)); got != step.next {
			t.Errorf("after %v: the next in %v, want %v", step.at, got, step.next)
		}
	}
}
