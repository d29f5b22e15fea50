package native

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/position"
	"voicerelay/routing"
)

func extentOf(steps int) position.Extent {
	return position.Extent{Steps: make([]position.ExtentStep, steps)}
}

func TestEndedGenerationsAreBounded(t *testing.T) {
	now := time.Now()
	var r register
	for i := range 2 * keptEnded {
		r.keep(fmt.Sprint("short", i), extentOf(20), now)
	}
	if len(r.ended) != keptEnded {
		t.Errorf("%d ended generations are kept, want %d", len(r.ended), keptEnded)
	}
	for i := range 20 {
		r.keep(fmt.Sprint("long", i), extentOf(4000), now)
	}
	steps := 0
	for _, e := range r.ended {
		steps += len(e.extent.Steps)
	}
	if steps > keptSteps || len(r.ended) < 8 {
		t.Errorf("%d steps of %d generations are kept", steps, len(r.ended))
	}
	r.keep("endless", extentOf(2*keptSteps), now)
	if _, ok := r.past("endless", now); !ok || len(r.ended) != 1 {
		t.Errorf("of an endless generation %v is kept, with %d others", ok, len(r.ended)-1)
	}
}

// An idle connection forgets what ended long ago, though no further generation ends.
func TestAnIdleConnectionForgetsWhatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &talk{}
		s.register.keep("g1", extentOf(1), time.Now())
		time.Sleep(keptFor)
		s.Prune(time.Now())
		if len(s.register.ended) != 1 {
			t.Error("a generation is forgotten too early")
		}
		time.Sleep(time.Second)
		s.Prune(time.Now())
		if s.register.ended != nil {
			t.Errorf("%d generations are kept after %v", len(s.register.ended), keptFor)
		}
	})
}

func TestOnlyWhatComesLaterFollows(t *testing.T) {
	r := register{places: map[string]turnOf{"a": {"turn", 1}, "b": {"turn", 2}, "c": {"turn", 3}, "other": {"another turn", 3}}}
	for id, want := range map[string]string{"a": "b c", "b": "c", "c": ""} {
		got := r.later(id)
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("after %s come %v, want %s", id, got, want)
		}
	}
}

// A context stays with who speaks its latest generation, also where an earlier one ends after that.
func TestContextStaysWithItsLatestVoice(t *testing.T) {
	var c conversation
	c.stay(1, routing.Target{Provider: "alpha"})
	c.stay(3, routing.Target{Provider: "beta"})
	c.stay(2, routing.Target{Provider: "alpha"})
	if c.heard.Provider != "beta" {
		t.Errorf("got %s, want beta", c.heard)
	}
	c.stay(3, routing.Target{Provider: "gamma"}) // taken over
	if c.heard.Provider != "gamma" {
		t.Errorf("got %s, want gamma", c.heard)
	}
}
