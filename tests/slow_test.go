package tests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// loud is the format with the most bytes a second that needs no resampling, which under the race detector would be what is slow.
func loud() format { return format{"pcm_f32le", 24000} }

// stall opens a connection that asks for much and takes nothing.
func (r *relay) stall(t *testing.T, v *vendor, generations int) {
	t.Helper()
	s := r.rawDial(t, "")
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 20))
	for i := range generations {
		s.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": text, "output": loud()})
	}
	v.sees("the stalled client's contexts", func(s emulator.Stats) bool { return s.OpenContexts >= generations })
}

func TestAStalledClientDelaysNoOther(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 100})
	r := serve(t, speaksByOne(v).limit(map[string]any{"write_timeout": "60s"}))
	other := r.dial(t)
	r.stall(t, v, 4)
	for i := range uint64(10) {
		id := fmt.Sprint("g", i)
		other.send(j{"type": "generate", "generation_id": id, "text": sentence(i, 4)})
		m := other.completed(id)
		if first := *m.Timing.FirstAudioMS; first > 8000 {
			t.Errorf("%s: first audio after %d ms beside a stalled client", id, first)
		}
		other.speaks(id, sentence(i, 4))
	}
	if n := r.metric(t, "relay_connections"); n != 2 {
		t.Errorf("%v connections: the stalled one is gone, and has shown nothing", n)
	}
}

func TestAStalledClientIsDroppedAfterTheWriteTimeout(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v).limit(map[string]any{"write_timeout": "1s", "buffer": "60s"}))
	r.stall(t, v, 2)
	r.awaitMetric(t, "relay_connections", func(n float64) bool { return n == 0 })
	v.sees("no context left", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
}

// Slowness is never an error, however little may wait: what a client takes in its own time comes whole.
func TestASlowClientIsServedToTheEnd(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	// Audio for a minute and more, of which little may wait: the vendor gets its pieces as the client takes the audio.
	cfg := speaksByOne(v).limit(map[string]any{"buffer": "2s", "write_timeout": "10s"})
	r := serve(t, cfg)
	s := r.rawDial(t, "")
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 6))
	s.send(j{"type": "generate", "generation_id": "g", "text": text, "output": loud()})
	rules := newContract(false)
	if err := rules.sent(fmt.Appendf(nil, `{"type":"generate","generation_id":"g","text":%q,"output":{"encoding":"pcm_f32le","sample_rate":24000}}`, text)); err != nil {
		t.Fatal(err)
	}
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for {
		opcode, payload, err := s.next()
		if err != nil {
			t.Fatalf("the slow client was cut off: %v", err)
		}
		if opcode != 1 {
			continue // a ping is answered by taking bytes
		}
		m, err := rules.received(payload, false)
		if err != nil {
			t.Fatalf("the protocol is broken: %v\n%s", err, m)
		}
		if m.kind == "done" {
			if m.Reason != "completed" {
				t.Errorf("done %s, want completed", m.Reason)
			}
			return
		}
		<-pace.C
	}
}

// What waits for a client is bounded by withholding text from the vendor.
func TestAStalledClientBoundsWhatTheVendorGets(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	cfg := speaksByOne(v).limit(map[string]any{"buffer": "3s", "write_timeout": "60s"}).
		amend("default", func(r *route) { r.MaxPartialLength = 60 })
	r := serve(t, cfg)
	s, other := r.rawDial(t, ""), r.dial(t)
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 50))
	s.send(j{"type": "generate", "generation_id": "g", "text": text, "output": loud()})
	v.sees("the first piece", func(s emulator.Stats) bool { return s.OpenContexts == 1 })
	// Another's work in the meantime gives the relay all the time it needs to send more than it should.
	for i := range uint64(20) {
		other.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": sentence(i, 8)})
		other.completed(fmt.Sprint("g", i))
	}
	total := len([]rune(text))
	if sent := charactersOf(v, threeSentences[:20]); sent > total/4 {
		t.Errorf("the vendor has got %d of %d characters for a client that takes nothing", sent, total)
	}
	if err := s.conn.Close(); err != nil {
		t.Fatal(err)
	}
	v.sees("no context left", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
}

// charactersOf is how many characters went to the vendor in streams whose text begins so.
func charactersOf(v *vendor, beginning string) int {
	n := 0
	for _, s := range v.Stats().Streams {
		if all := strings.Join(s.Texts, ""); strings.HasPrefix(strings.TrimSpace(all), beginning) {
			n += len([]rune(all))
		}
	}
	return n
}

// What waits for a client that is slow to take it is sent in turn: a short answer does not wait for half a minute of another
// generation's audio.
func TestGenerationsTakeTurns(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	r := serve(t, speaksByOne(v))
	s := r.rawDial(t, "")
	s.send(j{"type": "generate", "generation_id": "long", "text": strings.Repeat(threeSentences+" ", 20), "output": loud()})
	v.sees("half a minute of the long one", func(s emulator.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio > 30*time.Second })
	s.send(j{"type": "generate", "generation_id": "short", "text": "lazy dog.", "output": loud()})
	r.awaitMetric(t, "relay_first_audio_seconds_count", func(n float64) bool { return n == 2 })
	v.sees("the end of the short one", func(s emulator.Stats) bool { return len(s.Streams) == 2 && s.Streams[1].Over })
	before := 0
	for {
		m := s.message(t)
		if m.kind == "done" && m.ID == "short" {
			break
		}
		if m.kind == "audio" && m.ID == "long" {
			before++
		}
	}
	// Half a minute are over a hundred frames; of those some stand in the kernel's buffers already.
	if before > 60 {
		t.Errorf("%d frames of the long generation came before the short one's end", before)
	}
	s.send(j{"type": "cancel", "all": true})
}

// A command and its answer go ahead of a queue of audio.
func TestAnswersGoAheadOfAudio(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	s := r.rawDial(t, "")
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 6))
	s.send(j{"type": "generate", "generation_id": "g", "text": text, "output": loud()})
	kinds := map[string]int{}
	for kinds["audio"] == 0 {
		kinds[s.message(t).kind]++
	}
	s.send(j{"type": "cancel", "generation_id": "g"})
	for kinds["done"] == 0 {
		kinds[s.message(t).kind]++
	}
	// What stands in the kernel's buffers can't be recalled; it must be little of a minute of audio.
	if kinds["audio"] > 60 {
		t.Errorf("%d frames came before the cancelled generation's done", kinds["audio"])
	}
	s.send(j{"type": "ping"})
	if kind := s.message(t).kind; kind != "pong" {
		t.Errorf("after done came %s, want pong", kind)
	}
}
