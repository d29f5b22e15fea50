package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestALevelOutlivesAPathThatBreaks(t *testing.T) {
	v := startTestVendor(t)
	if err := v.close(); err != nil {
		t.Fatal(err)
	}
	b, p := testBench(t, v), newDirect(v)
	l := &level{Generations: 2, Rounds: make(map[string][]*round), Broke: make(map[string]string)}
	if err := b.measureRound(t.Context(), p, l); err != nil || !strings.Contains(l.Broke[directPath], "connect") {
		t.Errorf("got %v, noted %q", err, l.Broke[directPath])
	}
	r := &report{Levels: []*level{l}}
	if err := r.faults(); err == nil || !strings.Contains(err.Error(), "2 generations, direct: connect") {
		t.Errorf("got %v of the run", err)
	}
	if got := printed(t, r); !strings.Contains(got, "direct broke") {
		t.Errorf("the table does not say so:\n%s", got)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	clear(l.Broke)
	if err := b.measureRound(ctx, p, l); !errors.Is(err, errEnough) || len(l.Broke) > 0 {
		t.Errorf("got %v, noted %v of a run that is over", err, l.Broke)
	}
}

func TestALevelIsMeasuredWithItsIdleConnections(t *testing.T) {
	t.Parallel()
	b := testBench(t, startTestVendor(t))
	b.settings.paths, b.settings.duration = directPath, 100*time.Millisecond
	r := &report{}
	if err := b.measureLevel(t.Context(), r, &level{Generations: 2, Idle: 3}); err != nil {
		t.Fatal(err)
	}
	if l := r.Levels[0]; len(l.Rounds[directPath]) != 1 || len(l.Broke) > 0 {
		t.Errorf("got %+v", l)
	}
	if r.roundsAt(2) != nil {
		t.Error("a level with idle connections is taken for one without")
	}
}

func TestStartsAreSpread(t *testing.T) {
	for n, want := range map[int]time.Duration{1: leastSpread, 500: leastSpread, 2000: 2 * time.Second} {
		if got := (demand{generations: n}).spread(); got != want {
			t.Errorf("%d generations: got %v, want %v", n, got, want)
		}
	}
}
