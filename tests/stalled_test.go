package tests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// costOfAStalledReader is what docs/operating.md says of a client that takes nothing, in bytes: the audio of buffer and of
// two pieces, as base64, and as much again of garbage that need not have been collected yet.
const costOfAStalledReader = 6 << 20

// Not parallel: other tests' garbage is none of this relay's, but their load would make the measuring long.
func TestAStalledReaderCostsLittleMemory(t *testing.T) {
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v).limit(map[string]any{"write_timeout": "5m"}))
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "warm", "text": threeSentences})
	c.completed("warm")
	before := r.metric(t, "process_resident_memory_bytes")
	const readers = 6
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 30)) // several minutes of speech
	for i := range readers {
		r.rawDial(t, "").send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": text})
	}
	each := (r.settledMemory(t) - before) / readers
	t.Logf("%.1f MB for each client that takes nothing", each/1e6)
	if each > costOfAStalledReader {
		t.Errorf("over %d MB", costOfAStalledReader>>20)
	}
}

// settledMemory is what the process has once that grows no more for two seconds.
func (r *relay) settledMemory(t *testing.T) float64 {
	t.Helper()
	pace := time.NewTicker(500 * time.Millisecond)
	defer pace.Stop()
	var most float64
	for still := 0; still < 4; still++ {
		<-pace.C
		if now := r.metric(t, "process_resident_memory_bytes"); now > most*1.005 {
			most, still = now, 0
		}
	}
	return most
}
