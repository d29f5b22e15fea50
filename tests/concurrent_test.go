package tests

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// sentence is n different words of the lexicon that follow from a seed.
func sentence(seed uint64, n int) string {
	order := rand.New(rand.NewPCG(seed, 1)).Perm(len(lexicon))
	words := make([]string, n)
	for i := range words {
		words[i] = lexicon[order[i]]
	}
	return strings.Join(words, " ") + "."
}

func TestThirtyTwoGenerationsAtOnceAreNotMixedUp(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"audio=json", "audio=binary"} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			v := emulate(t, emulator.Options{})
			cfg := speaksByOne(v).limit(map[string]any{"max_concurrent_generations": 32})
			c := serve(t, cfg).dialWith(t, dialing{query: query})
			for i := range uint64(32) {
				c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(i, 8), "final": false})
				c.send(j{"type": "flush", "generation_id": fmt.Sprint("g", i)})
			}
			// None can end before its text does: all are under way at once, at the vendor too.
			v.sees("32 contexts at once", func(s emulator.Stats) bool { return s.OpenContexts == 32 })
			for i := range uint64(32) {
				c.send(j{"type": "append", "generation_id": fmt.Sprint("g", i), "text": " " + sentence(100+i, 4), "final": true})
			}
			for i := range uint64(32) {
				id := fmt.Sprint("g", i)
				c.completed(id)
				c.speaks(id, sentence(i, 8)+" "+sentence(100+i, 4))
			}
		})
	}
}

// A generation whose vendor has gone quiet must not hold back another: while one hangs in mid-speech the others come
// and go.
func TestASlowGenerationHoldsNoOtherBack(t *testing.T) {
	t.Parallel()
	slow, fast := faulty(t, "stall:400ms", emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"fast", "slow"}, map[string]*vendor{"fast": fast, "slow": slow}).
		amend("slow", func(r *route) { r.StallTimeout = "1m" })
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "slow", "text": twelve, "route": "slow"})
	c.await("audio", of("audio", "slow"))
	for i := range uint64(20) {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": sentence(i, 5), "route": "fast"})
		c.completed(id)
	}
	if last := c.about("slow"); last[len(last)-1].kind == "done" {
		t.Error("the slow generation ended before the others: this shows nothing")
	}
	c.send(j{"type": "cancel", "generation_id": "slow"})
	c.done("slow")
}

func TestManyConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	clients := make([]*client, 24)
	for i := range clients {
		clients[i] = r.dial(t)
		clients[i].send(j{"type": "generate", "generation_id": "same", "text": sentence(uint64(i), 6)})
	}
	for i, c := range clients {
		c.completed("same")
		c.speaks("same", sentence(uint64(i), 6))
	}
}

// The rate of a real-time vendor reaches the client as it is: nothing is gathered on the way.
func TestAudioArrivesAsItIsMade(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 2}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.completed("g")
	first := c.await("audio", of("audio", "g"))
	done := c.done("g")
	made := time.Duration(done.Usage.AudioMS) * time.Millisecond / 2
	if spread := done.at.Sub(first.at); spread < made/2 {
		t.Errorf("all audio came within %v, made over %v", spread, made)
	}
}
