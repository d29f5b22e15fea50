package tests

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator"
)

// Not parallel: it measures. The clocks of client and vendor are one process's.
func TestVendorIsToldOfACancelWithin20ms(t *testing.T) {
	v := emulate(t, emulator.Options{Pace: 2})
	c := serve(t, speaksByOne(v)).dial(t)
	const tries = 60
	told := make([]time.Duration, tries)
	for i := range tries {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": threeSentences})
		c.await("audio", of("audio", id))
		sent := time.Now()
		c.send(j{"type": "cancel", "generation_id": id})
		v.sees("the cancel", func(s emulator.Stats) bool { return len(s.Cancels) == i+1 })
		told[i] = v.Stats().Cancels[i].At.Sub(sent)
		if m := c.done(id); m.Reason != "cancelled" {
			c.fail("%s %s, want cancelled", id, m.Reason)
		}
	}
	slices.Sort(told)
	t.Logf("vendor told of a cancel after: least %v, median %v, p90 %v, most %v", told[0], told[tries/2], told[tries*9/10], told[tries-1])
	if median := told[tries/2]; median > 20*time.Millisecond {
		t.Errorf("the median is %v, want at most 20ms: %v", median, told)
	}
}

// Not parallel: it counts goroutines and sockets of a relay that must be at rest.
func TestTwoHundredInterruptionsLeaveNothingOpen(t *testing.T) {
	v := emulate(t, emulator.Options{Pace: 8})
	r := serve(t, speaksByOne(v))
	c := r.dial(t)
	// Twelve at once make the pool of vendor sockets two large; what one interruption after another takes is less.
	for i := range uint64(12) {
		c.send(j{"type": "generate", "generation_id": fmt.Sprint("warm", i), "text": sentence(i, 5)})
	}
	for i := range 12 {
		c.completed(fmt.Sprint("warm", i))
	}
	v.sees("no open context", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
	sockets, goroutines := v.Stats().OpenSockets, r.metric(t, "go_goroutines")
	for i := range 200 {
		interrupt(c, fmt.Sprint("g", i), i%4)
	}
	v.sees("all contexts closed", func(s emulator.Stats) bool { return s.OpenContexts == 0 && s.OpenSockets <= sockets })
	r.awaitMetric(t, "go_goroutines", func(n float64) bool { return n <= goroutines })
	r.awaitMetric(t, "relay_generations_active", func(n float64) bool { return n == 0 })
}

// interrupt speaks and cancels at one of four moments: at once, accepted, started, or in mid-speech.
func interrupt(c *client, id string, moment int) {
	c.t.Helper()
	c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "context_id": "turn-" + id})
	switch moment {
	case 1:
		c.accepted(id)
	case 2:
		c.started(id)
	case 3:
		c.await("audio", func(m message) bool { return m.kind == "audio" && m.ID == id && m.Seq == 2 })
	}
	c.send(j{"type": "cancel", "generation_id": id})
	if m := c.done(id); m.Reason != "cancelled" {
		c.fail("%s %s, want cancelled", id, m.Reason)
	}
}

func TestACancelBeforeAudioCostsAndSpeaksNothing(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{FirstAudio: 20 * time.Second})
	c := serve(t, speaksByOne(v)).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	v.sees("the text", func(s emulator.Stats) bool { return s.OpenContexts == 1 })
	c.send(j{"type": "cancel", "generation_id": "g"})
	m := c.done("g")
	same(t, "reason", m.Reason, "cancelled")
	same(t, "audio in ms", m.Usage.AudioMS, 0)
	same(t, "characters spoken", m.Spoken.Char, 0)
	if len(m.Usage.Attempts) != 1 || m.Usage.Attempts[0].Outcome != "cancelled" {
		t.Errorf("attempts %+v, want one that was cancelled", m.Usage.Attempts)
	}
	v.sees("no context left", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
}

func TestASecondCancelHasNoAnswer(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 1}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.await("audio", of("audio", "g"))
	c.send(j{"type": "cancel", "generation_id": "g"})
	c.done("g")
	mark := c.mark()
	c.send(j{"type": "cancel", "generation_id": "g"})
	c.unanswered(mark)
}

func TestADisconnectReachesTheVendor(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*client){
		"dropped": (*client).drop,
		"closed": func(c *client) {
			_ = c.conn.Close(websocket.StatusNormalClosure, "") // the relay's answer is the reader's
			c.drop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := emulate(t, emulator.Options{Pace: 1})
			r := serve(t, speaksByOne(v))
			c := r.dial(t)
			for i := range uint64(3) {
				c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(i, 20)})
			}
			for i := range 3 {
				c.await("audio", of("audio", fmt.Sprint("g", i)))
			}
			leave(c)
			v.seesWithin(5*time.Second, "three cancels", func(s emulator.Stats) bool {
				return len(s.Cancels) == 3 && s.OpenContexts == 0
			})
			r.awaitMetric(t, "relay_connections", func(n float64) bool { return n == 0 })
		})
	}
}
