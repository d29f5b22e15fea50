package deepgram

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const fluxAddress = "/v2/speak?model=flux-alexis-en"

// told is the next message of a kind, with the audio before it.
func (c client) told(kind string) (m map[string]any, pcm []byte) {
	c.T.Helper()
	for {
		r := c.Next()
		if r.Err != nil {
			c.T.Fatalf("waiting for %s: %v (%s)", kind, r.Err, c.Server.Quirks())
		}
		if r.Binary {
			pcm = append(pcm, r.Data...)
			continue
		}
		var o map[string]any
		if err := json.Unmarshal(r.Data, &o); err != nil {
			c.T.Fatal(err)
		}
		if o["type"] == kind {
			return o, pcm
		}
	}
}

// TestFluxTellsWhatWasHeard interrupts the second speech of a session where the client has played some of it, and has the next
// one heard whole and alone.
func TestFluxTellsWhatWasHeard(t *testing.T) {
	const text = "One two three four five six seven eight nine ten."
	eachOf(t, fluxAddress, engine.Options{Pace: 1}, func(c client) {
		c.send("Speak Hello there.", "Flush")
		first, _ := c.told("SpeechMetadata")
		c.send("Speak "+text, "Flush")
		time.Sleep(2 * time.Second)
		c.SendJSON(engine.Object{"type": "Interrupt", "playback_offset": engine.Object{
			"type": "time_ms", "value": first["audio_duration_ms"].(float64) + 1500,
		}})
		m, pcm := c.told("SpeechInterrupted")
		heard, rest := m["text_spoken"].(string), m["text_remaining"].(string)
		if heard+rest != text || heard == "" || rest == "" || m["audio_played_ms"] != 1500.0 {
			c.T.Errorf("got %v", m)
		}
		if got := audio.Duration(int64(len(pcm)/2), engine.NativeRate); got < 1500*time.Millisecond || got > 4*time.Second {
			c.T.Errorf("%v of audio before it", got)
		}
		c.send("Speak Eleven twelve.", "Flush")
		_, pcm = c.told("SpeechMetadata")
		enginetest.WantWords(c.T, pcm, audio.Format{Encoding: audio.PCM16, Rate: engine.NativeRate}, "Eleven twelve.")
	})
}

// TestFluxInterruptDropsAll interrupts a speech that two others wait behind: one answer is all that comes.
func TestFluxInterruptDropsAll(t *testing.T) {
	eachOf(t, fluxAddress, engine.Options{Pace: 1}, func(c client) {
		c.send("Speak One two three four five six.", "Flush", "Speak Seven.", "Flush", "Speak Eight.")
		time.Sleep(time.Second)
		c.send("Interrupt")
		m, _ := c.told("SpeechInterrupted")
		if _, ok := m["text_spoken"]; ok || m["audio_played_ms"].(float64) < 500 {
			c.T.Errorf("got %v, want what was generated, and no text", m)
		}
		c.send("Interrupt")
		if m, pcm := c.told("Warning"); m["code"] != "NO_ACTIVE_SPEECH" || len(pcm) > 0 {
			c.T.Errorf("got %v after %d bytes", m, len(pcm))
		}
		if st := c.Server.Stats(); st.OpenContexts != 0 || len(st.Streams) != 3 || len(st.Cancels) != 2 {
			c.T.Errorf("got %+v", st)
		}
	})
}

// TestFluxCounts has a session's counts be the sums of its speeches'.
func TestFluxCounts(t *testing.T) {
	texts := []string{"Grüße, Welt. Und ", "One two three."}
	eachOf(t, fluxAddress, engine.Options{}, func(c client) {
		var input, billed, length float64
		for _, text := range texts {
			c.send("Speak "+text, "Flush")
			m, pcm := c.told("SpeechMetadata")
			if m["input_character_count"] != float64(utf8.RuneCountInString(text)) || m["billable_character_count"].(float64) > m["input_character_count"].(float64) {
				c.T.Errorf("got %v for %q", m, text)
			}
			if got := audio.Duration(int64(len(pcm)/2), engine.NativeRate).Milliseconds(); float64(got) != m["audio_duration_ms"] {
				c.T.Errorf("heard %d ms, told %v", got, m)
			}
			input += m["input_character_count"].(float64)
			billed += m["billable_character_count"].(float64)
			length += m["audio_duration_ms"].(float64)
		}
		c.send("Close")
		m, _ := c.told("SessionMetadata")
		if m["total_input_character_count"] != input || m["total_billable_character_count"] != billed {
			c.T.Errorf("got %v, want %v and %v", m, input, billed)
		}
		if got := m["total_audio_duration_ms"].(float64); got < length || got > length+2 { // each was cut to whole milliseconds
			c.T.Errorf("got %v, want %v", got, length)
		}
		var charged int64
		for _, s := range c.Server.Stats().Streams {
			charged += s.Charge
		}
		if charged != int64(billed)*charMicros {
			c.T.Errorf("charged %d, told %v", charged, billed)
		}
	})
}

// TestFluxConfigures has the next speech be said faster.
func TestFluxConfigures(t *testing.T) {
	eachOf(t, fluxAddress, engine.Options{}, func(c client) {
		c.send("Speak One two three four five.", "Flush")
		slow, _ := c.told("SpeechMetadata")
		c.SendJSON(engine.Object{"type": "Configure", "speed": 1.5})
		c.told("ConfigureSuccess")
		c.send("Speak One two three four five.", "Flush")
		fast, _ := c.told("SpeechMetadata")
		if ratio := slow["audio_duration_ms"].(float64) / fast["audio_duration_ms"].(float64); ratio < 1.3 || ratio > 1.7 {
			c.T.Errorf("a ratio of %v, want 1.5", ratio)
		}
	})
}
