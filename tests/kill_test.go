package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// A vendor that dies under a hundred running generations costs none of them a word.
//
// It does not run in parallel with other tests: so many at once take all of the machine, which the others have deadlines on.
func TestAVendorKilledUnderAHundredGenerations(t *testing.T) {
	dir := t.TempDir()
	victim := start(t, process.Command(plain(t, dir), dir, "emulate", "-vendor", "kugelaudio", "-key", vendorKey, "-seed", "5", "-pace", "2"))
	well := emulateBy(t, "together", emulator.Options{Seed: 5, Pace: 2})
	cfg := speaksBy([]string{"victim", "well"}, map[string]*vendor{
		"victim": {adapter: "kugelaudio", url: victim.url}, "well": well,
	})
	r := serve(t, cfg)
	const connections, each = 10, 10
	var clients []*client
	for range connections {
		c := r.dialWith(t, dialing{query: "audio=binary"})
		clients = append(clients, c)
		for i := range each {
			c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sixSentences, "word_timestamps": true})
		}
	}
	for _, c := range clients {
		for i := range each {
			c.plays(fmt.Sprint("g", i), 1500*time.Millisecond)
		}
	}
	running := 0
	for _, c := range clients {
		running += c.running(each)
	}
	victim.Kill()
	var ways []string
	for _, c := range clients {
		for i := range each {
			ways = append(ways, c.survives(fmt.Sprint("g", i), sixSentences))
		}
	}
	t.Logf("%d running when the vendor died; went on: %s", running, tally(ways))
	dropped := 0
	for _, way := range ways {
		if strings.HasPrefix(way, "dropped") {
			dropped++
		}
	}
	if dropped < connections*each/2 { // on a busy machine some have been taken over before, for the vendor's silence
		t.Errorf("%d generations were taken over for the vendor's death, want nearly all", dropped)
	}
	if running < connections*each {
		t.Errorf("%d generations ran when the vendor died, want %d", running, connections*each)
	}
}

// sixSentences take some eight seconds of a vendor that speaks twice as fast as is heard.
const sixSentences = threeSentences + " " + threeSentences

// plain builds the relay without the race detector, which takes a vendor more time to speak for a hundred than it has.
func plain(t *testing.T, dir string) string {
	t.Helper()
	program, err := process.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// plays waits until so much audio of a generation has come.
func (c *client) plays(id string, atLeast time.Duration) {
	c.t.Helper()
	c.await(fmt.Sprintf("%v of %s", atLeast, id), func(m message) bool {
		return m.kind == "audio" && m.ID == id && time.Duration(m.StartMS)*time.Millisecond >= atLeast
	})
}

// running is how many of a connection's generations have not ended.
func (c *client) running(of int) int {
	for _, m := range c.everything() {
		if m.kind == "done" {
			of--
		}
	}
	return of
}

func tally(values []string) string {
	slices.Sort(values)
	var parts []string
	for _, v := range slices.Compact(slices.Clone(values)) {
		n := 0
		for _, other := range values {
			if other == v {
				n++
			}
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, v))
	}
	return strings.Join(parts, "; ")
}
