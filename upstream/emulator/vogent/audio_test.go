package vogent

import (
	"bytes"
	"testing"
	"testing/synctest"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// Two generations of a socket are heard each at its own rate; 44.1 kHz is what the seed has drawn of it.
func TestVogentRateIsOfTheGeneration(t *testing.T) {
	for quirk, rate := range map[string]int{"rate44:41500": 41500, "rate44:44100": 44100} {
		synctest.Test(t, func(t *testing.T) {
			c := talk(t, engine.Options{}, quirk, "serial:false")
			c.send("b", "Lazy dog near our ", false, engine.Object{"sampleRate": 8000})
			c.send("a", "The quick bro", false, engine.Object{"sampleRate": rate})
			c.send("a", "wn fox.", true, nil)
			all := c.until("a")
			c.send("b", "house.", true, nil)
			all = append(all, c.until("b")...)
			for id, want := range map[string]struct {
				rate int
				text string
			}{"a": {rate, "The quick brown fox."}, "b": {8000, "Lazy dog near our house."}} {
				enginetest.WantWords(t, bytes.Join(chunks(t, all, id), nil), audio.Format{Encoding: audio.PCM16, Rate: want.rate}, want.text)
			}
		})
	}
}
