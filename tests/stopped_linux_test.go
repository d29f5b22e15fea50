package tests

import (
	"fmt"
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// pauseOf is how long the relay's process is stopped: longer than its patience with vendors, as of a virtual machine that
// is moved.
const pauseOf = 3 * time.Second

// A pause of the relay's own process in mid-speech is no vendor's fault: what came meanwhile is read, and all go on.
func TestAStoppedProcessFailsNoGeneration(t *testing.T) {
	vendors := make(map[string]*vendor)
	for adapter := range native {
		if adapter != "zeligate" && adapter != "wyoming" { // their engines speak one stream at a time
			vendors[adapter] = emulateBy(t, adapter, emulator.Options{Pace: 1})
		}
	}
	names := slices.Sorted(maps.Keys(vendors))
	cfg := speaksBy(names, vendors)
	for _, name := range names {
		cfg.amend(name, func(r *route) { r.FirstAudioTimeout, r.StallTimeout = "2500ms", "2s" })
	}
	r := serve(t, cfg)
	c := r.dial(t)
	say := func(i int) {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(uint64(i), 12), "route": names[i%len(names)]})
	}
	const speaking, beginning = 42, 8
	for i := range speaking {
		say(i)
	}
	for i := range speaking {
		c.started(fmt.Sprint("g", i))
	}
	for i := range beginning {
		say(speaking + i)
	}
	for i := range beginning {
		c.accepted(fmt.Sprint("g", speaking+i))
	}
	r.pause(pauseOf)
	for i := range speaking + beginning {
		id := fmt.Sprint("g", i)
		done := c.completed(id)
		for _, a := range done.Usage.Attempts {
			if a.Outcome != "completed" {
				t.Errorf("%s: %s %s", id, a.Provider, a.Outcome)
			}
		}
		c.speaks(id, sentence(uint64(i), 12))
	}
	if open := r.metric(t, "relay_circuit_state"); open != 0 {
		t.Error("a circuit has opened")
	}
	if r.Log.Count("this process did not run") == 0 {
		t.Error("the log has no word of the pause")
	}
}

// pause stops the process for a while.
func (r *relay) pause(d time.Duration) {
	r.t.Helper()
	for _, next := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGSTOP, d}, {syscall.SIGCONT, 0}} {
		if err := r.Cmd.Process.Signal(next.signal); err != nil {
			r.t.Fatal(err)
		}
		<-time.After(next.wait)
	}
}
