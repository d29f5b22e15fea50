package rig

import (
	"testing"
	"time"
)

// wakes is how often what a client waits for needs this machine to run something in time: in the client, the relay and the vendors, and
// for each of several attempts.
const wakes = 20

// Soon wants what a program has told in seconds, by a note, to be no more than a limit: on a busy machine, plus what this was late by.
func (r *Rig) Soon(t *testing.T, told any, limit time.Duration) {
	t.Helper()
	took, ok := told.(float64)
	if most := limit + wakes*r.machine.Worst(); !ok || seconds(took) > most {
		t.Errorf("it took %v s, want %v at most", told, most)
	}
}
