package tests

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// paced is how vendors speak where they must still be speaking when they fail: four times as fast as it is heard. Of
// this seed, those that tell word times do so before the audio, so that no word may be missing or doubled.
var paced = emulator.Options{Pace: 4, Seed: 5}

// ailing is a relay whose first vendor, kugelaudio, fails as the command line writes it, and whose second one, together,
// is well.
func ailing(t *testing.T, fault string) *relay {
	t.Helper()
	ill, well := faulty(t, fault, paced), emulateBy(t, "together", paced)
	return serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well}))
}

// What the client is told of a takeover, to the letter.
func TestReroutedSaysWhereTheNextVoiceResumes(t *testing.T) {
	t.Parallel()
	c := ailing(t, "error:INTERNAL_ERROR:1500ms").dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve, "normalize": false, "word_timestamps": true})
	c.survives("g", twelve)
	done := c.done("g")
	m := c.await("rerouted", of("rerouted", "g"))
	var got j
	if err := json.Unmarshal(m.raw, &got); err != nil {
		t.Fatal(err)
	}
	next := wordAt(c.words("g"), m.ResumeChar)
	for field, want := range (j{
		"type": "rerouted", "generation_id": "g", "from": "ill", "to": "well", "model": "hexgrad/Kokoro-82M",
		"provider_voice": "af_heart", "reason": "upstream_error", "resume_source": "word_times",
		"resume_char": float64(next.CharStart),
	}) {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if ignored, ok := got["ignored"].([]any); !ok || len(ignored) != 1 || ignored[0] != "normalize" {
		t.Errorf("ignored is %v, want normalize alone, of which this vendor can't be told", got["ignored"])
	}
	if after := audioAfter(c, m); after.StartMS != m.ResumeMS {
		t.Errorf("resume_ms is %d, and the next audio begins at %d", m.ResumeMS, after.StartMS)
	}
	if m.ResumeMS < 500 || next.StartMS < m.ResumeMS-1 {
		t.Errorf("resumed at %d ms with %q, which is said at %d ms", m.ResumeMS, next.Word, next.StartMS)
	}
	a := done.Usage.Attempts
	if len(a) != 2 || a[0].Outcome != "failed" || a[0].Code != "upstream_error" || a[1].Outcome != "completed" {
		t.Fatalf("attempts %+v, want one failed and one completed", a)
	}
	same(t, "characters sent to the second, from where it resumes", a[1].Characters, len(twelve)-m.ResumeChar)
	same(t, "requests sent to the second", a[1].Requests, 1)
	if last := c.words("g"); last[len(last)-1].Word != "house" || done.Spoken.Char < len(twelve)-1 {
		t.Errorf("announced up to %+v, spoken %+v; want all of it", last[len(last)-1], done.Spoken)
	}
}

// wordAt is the first word that was announced from a place in the text on.
func wordAt(words []timedWord, char int) timedWord {
	for _, w := range words {
		if w.CharStart >= char {
			return w
		}
	}
	return timedWord{}
}

// audioAfter is the first audio after a message.
func audioAfter(c *client, m message) message {
	c.t.Helper()
	after := false
	for _, other := range c.about(m.ID) {
		if after && other.kind == "audio" {
			return other
		}
		after = after || other.kind == m.kind && string(other.raw) == string(m.raw)
	}
	c.fail("no audio after %s", m)
	return message{}
}

// Each way to fail in mid-speech has its reason, in every kind of audio.
func TestTakeoverReasons(t *testing.T) {
	t.Parallel()
	for fault, tt := range map[string]struct {
		reason string
		output j
	}{
		"drop:1500ms":               {"dropped", j{"encoding": "pcm_f32le", "sample_rate": 48000}},
		"stall:1500ms":              {"stalled", j{"encoding": "mulaw", "sample_rate": 8000}},
		"garbage:1500ms":            {"garbled", j{"encoding": "wav", "sample_rate": 24000}},
		"close:1013:1500ms":         {"dropped", j{"encoding": "pcm_s16le", "sample_rate": 22050}},
		"error:RATE_LIMITED:1500ms": {"throttled", j{"encoding": "alaw", "sample_rate": 8000}},
		"wrong_length:1500ms":       {"short_audio", j{"encoding": "pcm_s16le", "sample_rate": 16000}},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			for _, query := range []string{"audio=json", "audio=binary"} {
				c := ailing(t, fault).dialWith(t, dialing{query: query})
				c.send(j{"type": "generate", "generation_id": "g", "text": twelve, "output": tt.output, "word_timestamps": true})
				c.survives("g", twelve)
				if m := c.await("rerouted", of("rerouted", "g")); m.Reason != tt.reason || m.ResumeSource != "word_times" {
					t.Errorf("%s: rerouted for %s by %s, want %s by word_times", query, m.Reason, m.ResumeSource, tt.reason)
				}
			}
		})
	}
}

// A voice that fails a second time hands on to a third, and the text is still whole.
func TestTakeoverTwice(t *testing.T) {
	t.Parallel()
	vendors := map[string]*vendor{
		"first":  faulty(t, "drop:1s", paced),
		"second": faulty(t, "error:INTERNAL_ERROR:800ms", paced),
		"third":  emulateBy(t, "vogent", paced),
	}
	c := serve(t, speaksBy([]string{"first", "second", "third"}, vendors)).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.survives("g", twelve)
	m := c.done("g")
	var way []string
	for _, m := range c.about("g") {
		if m.kind == "rerouted" {
			way = append(way, m.From+" to "+m.To+", "+m.Reason)
		}
	}
	if want := []string{"first to second, dropped", "second to third, upstream_error"}; !slices.Equal(way, want) {
		t.Errorf("rerouted %q, want %q", way, want)
	}
	same(t, "attempts", len(m.Usage.Attempts), 3)
}

// Where a vendor fails in the silence after its last word there is nothing left to say.
func TestAFaultAfterTheLastWordNeedsNoTakeover(t *testing.T) {
	t.Parallel()
	ill, well := emulate(t, paced), emulateBy(t, "together", paced)
	c := serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})).dial(t)
	c.send(j{"type": "generate", "generation_id": "whole", "text": twelve})
	length := time.Duration(c.completed("whole").Usage.AudioMS) * time.Millisecond
	ill.SetFault(emulator.Fault{Kind: emulator.Drop, After: length - 50*time.Millisecond})
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	m := c.completed("g")
	c.speaks("g", twelve)
	wantOutcomes(t, m.Usage.Attempts, "ill failed dropped")
	same(t, "characters spoken", m.Spoken.Char, len(twelve))
	if n := len(well.Stats().Streams); n != 0 {
		t.Errorf("the other vendor was asked %d times for nothing", n)
	}
}
