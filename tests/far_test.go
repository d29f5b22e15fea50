package tests

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// A vendor behind TLS that is a round trip of 40 ms away. Bytes of a socket that is open need one to it and back; a
// fresh one needs three before.
const (
	roundTrip = 40 * time.Millisecond
	dialTrips = 3
	attempts  = 5 // of which the best counts: a busy machine is late by itself now and then
)

// far is a relay with such a vendor as two providers, of which one keeps a socket open ahead.
func far(t *testing.T) (*relay, *vendor) {
	t.Helper()
	v := emulate(t, emulator.Options{Distance: roundTrip / 2, TLS: true})
	cfg := speaksBy([]string{"fresh", "warm"}, map[string]*vendor{"fresh": v, "warm": v})
	p := cfg.Providers["warm"]
	p.Warm = 1
	cfg.Providers["warm"] = p
	cfg.trust = v.Certificate()
	return serve(t, cfg), v
}

// firstAudio has a route speak, and returns how long it took to its first audio. Generations of different speeds share
// no socket at this vendor.
func (c *client) firstAudio(id, route string, speed float64) time.Duration {
	c.t.Helper()
	c.send(j{"type": "generate", "generation_id": id, "route": route, "text": twelve, "speed": speed})
	m := c.completed(id)
	c.speaks(id, twelve)
	if a := m.Usage.Attempts; len(a) != 1 {
		c.fail("%s: attempts %+v, want one", id, a)
	}
	return time.Duration(*m.Timing.FirstAudioMS) * time.Millisecond
}

// awaitWarm waits until a provider has a socket open ahead.
func (r *relay) awaitWarm(t *testing.T, name string) {
	t.Helper()
	for began := time.Now(); r.state(t, name).Warm == 0; {
		if time.Since(began) > deadline {
			t.Fatalf("%s has no socket open ahead", name)
		}
	}
}

func TestAWarmSocketSavesTheDial(t *testing.T) {
	t.Parallel()
	r, _ := far(t)
	c := r.dial(t)
	best := map[string]time.Duration{}
	for i := range attempts {
		speed := 0.9 + 0.05*float64(i)
		for _, route := range []string{"fresh", "warm"} {
			if route == "warm" {
				r.awaitWarm(t, route)
			}
			took := c.firstAudio(fmt.Sprint(route, i), route, speed)
			if least := best[route]; least == 0 || took < least {
				best[route] = took
			}
		}
	}
	t.Logf("first audio %v by a fresh socket, %v by a warm one", best["fresh"], best["warm"])
	if best["warm"] < roundTrip || best["fresh"] < (dialTrips+1)*roundTrip {
		t.Errorf("first audio after %v and %v: the vendor is not as far away as it should be", best["warm"], best["fresh"])
	}
	if saved := best["fresh"] - best["warm"]; saved < 80*time.Millisecond {
		t.Errorf("a warm socket saves %v, want 80ms", saved)
	}
}

// A socket that the vendor has forgotten is replaced unnoticed: what it costs is the round trip to learn of it, and the
// dial.
func TestASocketClosedSilentlyCostsTheRedial(t *testing.T) {
	t.Parallel()
	r, v := far(t)
	c := r.dial(t)
	fresh, best := time.Duration(1<<63-1), time.Duration(1<<63-1)
	for i := range attempts {
		fresh = min(fresh, c.firstAudio(fmt.Sprint("fresh", i), "fresh", 0.9+0.05*float64(i)))
		c.firstAudio(fmt.Sprint("before", i), "warm", 1)
		r.awaitWarm(t, "warm")
		v.Sever()
		v.sees("its connections gone", func(s emulator.Stats) bool { return s.OpenSockets == 0 })
		best = min(best, c.firstAudio(fmt.Sprint("after", i), "warm", 1))
	}
	t.Logf("first audio %v by a fresh socket, %v after the sockets were forgotten", fresh, best)
	const least = roundTrip + dialTrips*roundTrip + roundTrip // to learn, to dial, to speak
	if most := fresh + 2*roundTrip; best < least || best > most {
		t.Errorf("first audio after %v, want at least %v, and no more than %v: a fresh socket's and the time to learn of it", best, least, most)
	}
}
