package routing

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

// Clients may name any number of raw models and voices.
func TestCircuitsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failure := &upstream.Error{Kind: upstream.UpstreamError}
		circuits := NewCircuits(DefaultCircuit(), func(Target, State) {})
		trial := func(i int) Trial {
			name := fmt.Sprint(i)
			return Trial{Candidate{Target{"p", "model" + name}, "voice" + name}, "acme"}
		}
		try := func(t Trial, err error) {
			if v := circuits.Allow(t); v != nil {
				v.Tell(err)
			}
		}
		broken := Trial{Candidate{Target{"p", "broken"}, "v"}, "acme"}
		for range 5 {
			try(broken, failure)
		}
		if circuits.State(broken.Target) != Open {
			t.Fatal("the circuit of a failing target is not open")
		}
		for i := range 2000 {
			try(trial(i), nil)
			try(trial(i), &upstream.Error{Kind: upstream.NoAudio})
			if i%100 == 0 {
				time.Sleep(10 * time.Millisecond) // all within the time that a circuit stays open
			}
		}
		if len(circuits.targets) > maxBreakers || len(circuits.voices) > maxBreakers || len(circuits.speakers) > maxSpeakers {
			t.Errorf("%d targets, %d voices and %d speakers are kept", len(circuits.targets), len(circuits.voices), len(circuits.speakers))
		}
		if circuits.State(broken.Target) != Open {
			t.Error("made-up names have closed a circuit")
		}
		one := Target{"p", "m"}
		for i := range 2000 {
			try(Trial{Candidate{one, fmt.Sprint("voice", i)}, "acme"}, &upstream.Error{Kind: upstream.NoAudio})
		}
		if n := len(circuits.target(one).silent); n > maxSilent {
			t.Errorf("%d silent voices of a target are kept", n)
		}
	})
}

// What nobody uses any more makes room first.
func TestUnusedCircuitsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultCircuit()
		circuits := NewCircuits(cfg, func(Target, State) {})
		for i := range maxBreakers {
			circuits.Allow(Trial{Candidate{Target{"p", fmt.Sprint("old", i)}, "v"}, "acme"}).Tell(nil)
		}
		time.Sleep(2 * cfg.Window)
		for i := range maxBreakers {
			circuits.Allow(Trial{Candidate{Target{"p", fmt.Sprint("new", i)}, "v"}, "acme"}).Tell(nil)
		}
		for i := range maxBreakers {
			if circuits.targets[Target{"p", fmt.Sprint("new", i)}] == nil {
				t.Fatalf("target %d has made room for another, though nobody had used %d of them", i, maxBreakers)
			}
		}
	})
}
