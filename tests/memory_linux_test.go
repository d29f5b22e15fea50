package tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// memoryMargin is what the process may have resident beyond its memory limit: the program's own pages, and what the system has
// not taken back yet.
const memoryMargin = 48 << 20

// filling is a relay with a small memory limit, and clients that fill it by reading nothing.
type filling struct {
	*relay
	t       *testing.T
	clients []*rawSocket
	begun   int
	most    float64 // that was resident
}

// more has another client take nothing of several minutes of speech.
func (f *filling) more() {
	f.t.Helper()
	if f.begun == len(f.clients) {
		f.t.Fatalf("%d generations whose clients take nothing don't fill the memory", 4*f.begun)
	}
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 30))
	for g := range 4 {
		f.clients[f.begun].send(j{"type": "generate", "generation_id": fmt.Sprint("g", g), "text": text})
	}
	f.begun++
	<-time.After(100 * time.Millisecond) // the relay looks as often
	f.most = max(f.most, f.metric(f.t, "process_resident_memory_bytes"))
}

// until fills the memory up to a level.
func (f *filling) until(pressure float64) {
	f.t.Helper()
	for f.metric(f.t, "relay_memory_pressure") < pressure {
		f.more()
	}
}

// A relay that clients fill by reading nothing refuses connections first, then generations, keeps what runs, and takes all again
// once they are gone.
func TestAFullMemoryRefusesNewcomersFirst(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes several times the memory")
	}
	cfg := speaksBy([]string{"fast", "slow"}, map[string]*vendor{
		"fast": emulate(t, emulator.Options{}), "slow": emulate(t, emulator.Options{Pace: 1}),
	}).limit(map[string]any{"write_timeout": "5m"})
	const limit = 96 << 20
	cfg.MemoryLimit = "96MiB"
	f := &filling{relay: serve(t, cfg), t: t}
	c := f.dial(t)
	c.send(j{"type": "generate", "generation_id": "runs", "text": sixSentences, "route": "slow"})
	c.started("runs")
	for range 100 {
		f.clients = append(f.clients, f.rawDial(t, ""))
	}

	f.until(1)
	f.refusesUpgrade(t, dialing{}, http.StatusServiceUnavailable, "draining")
	if a := f.get(t, "/readyz", nil); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), `"memory"`) {
		t.Errorf("readiness: %d %s", a.status, a.body)
	}

	f.until(2)
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "late", "text": twelve, "route": "fast"})
	c.refusal(mark, "too_many_generations")
	c.completed("runs")
	c.speaks("runs", sixSentences)
	t.Logf("%d clients fill it; %.0f MB were resident", f.begun, f.most/1e6)
	if f.most > limit+memoryMargin {
		t.Errorf("%.0f MB were resident", f.most/1e6)
	}

	for _, client := range f.clients {
		_ = client.conn.Close()
	}
	f.awaitMetric(t, "relay_memory_pressure", func(level float64) bool { return level == 0 })
	again := f.dial(t)
	again.send(j{"type": "generate", "generation_id": "after", "text": twelve, "route": "slow"})
	again.completed("after")
	if got := f.Log.Count("the memory limit is near"); got > 6 {
		t.Errorf("%d lines of the log for two changes and back", got)
	}
}
