package together

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const words = "Every morning seven quiet birds gather near the old stone bridge here."

// Each format carries every word, at the rate that the model gives.
func TestTogetherFormatsCarryEveryWord(t *testing.T) {
	kokoro, sonic := "?model=hexgrad/Kokoro-82M&voice=af_heart&segment=never", "?model=cartesia/sonic-english&voice=any&segment=never"
	for name, tt := range map[string]struct {
		query string
		rate  int
		wav   bool
	}{
		"default":                    {kokoro, 24000, false},
		"pcm":                        {kokoro + "&response_format=pcm&sample_rate=24000", 24000, false},
		"kokoro keeps its rate":      {kokoro + "&response_format=pcm&sample_rate=8000", 24000, false},
		"wav":                        {kokoro + "&response_format=wav", 24000, true},
		"orpheus":                    {"?model=canopylabs/orpheus-3b-0.1-ft&voice=tara&segment=never&sample_rate=44100", 24000, false},
		"sonic at 8000":              {sonic + "&sample_rate=8000", 8000, false},
		"sonic at 16000":             {sonic + "&sample_rate=16000", 16000, false},
		"sonic at 44100, and faster": {sonic + "&sample_rate=44100&speed=1.3", 44100, false},
		"sonic at 48000, as wav":     {sonic + "&sample_rate=48000&response_format=wav", 48000, true},
	} {
		for _, odd := range []string{"oddChunks:false", "oddChunks:true"} {
			t.Run(name+" "+odd, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := open(t, drawn(t, odd, "riff:asked", "cartesia:true"), tt.query)
					c.speak("", words)
					raw := soundOf(t, c.until(done))
					if tt.wav {
						format, samples, err := audio.ReadWAV(bytes.NewReader(raw))
						if err != nil || format.Rate != tt.rate {
							t.Fatalf("got %v, %v, want a WAV file at %d Hz", format, err, tt.rate)
						}
						raw = samples
					}
					enginetest.WantWords(t, raw, audio.Format{Encoding: audio.PCM16, Rate: tt.rate}, words)
				})
			})
		}
	}
}

// A RIFF header stands where it was asked for, or also by default, or always: before each item's audio.
func TestTogetherRIFF(t *testing.T) {
	for riff, want := range map[string]map[string]bool{
		"asked":   {"wav": true, "": false, "pcm": false},
		"default": {"wav": true, "": true, "pcm": false},
		"always":  {"wav": true, "": true, "pcm": true},
	} {
		for format, header := range want {
			for _, alone := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %q alone %t", riff, format, alone), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						o := drawn(t, "riff:"+riff, fmt.Sprintf("riffAlone:%t", alone), "oddChunks:false")
						query := "?voice=af_heart&segment=never"
						if format != "" {
							query += "&response_format=" + format
						}
						c := open(t, o, query)
						for range 2 {
							c.speak("", "Hello there, my dear.")
							deltas := of(c.until(done), delta)
							first := enginetest.Audio(t, deltas[0]["delta"])
							if got := bytes.HasPrefix(first, []byte("RIFF")); got != header {
								t.Errorf("a header: %t, want %t", got, header)
							}
							if got := len(first) == 44; got != (header && alone) {
								t.Errorf("the first delta has %d bytes", len(first))
							}
						}
					})
				})
			}
		}
	}
}

func TestTogetherRIFFLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for quirk, want := range map[string][]byte{"riffUnsized:true": {0, 0, 0, 0}, "riffUnsized:false": {255, 255, 255, 255}} {
			c := open(t, drawn(t, quirk), "?voice=af_heart&segment=never&response_format=wav")
			c.speak("", "Hello.")
			raw := soundOf(t, c.until(done))
			if !bytes.Equal(raw[4:8], want) || !bytes.Equal(raw[40:44], want) {
				t.Errorf("%s: got a header % x", quirk, raw[:44])
			}
		}
	})
}

// Word times come before, among or after the audio, and count from the item's first sample or from the context's.
func TestTogetherWordTimes(t *testing.T) {
	for words, want := range map[string][]string{
		"before": {wordTimes, delta, done}, "after": {delta, wordTimes, done}, "among": {delta, wordTimes, delta},
	} {
		t.Run(words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := drawn(t, "words:"+words, "wordsContinue:false")
				o.Chunk = 200 * time.Millisecond
				c := open(t, o, speechQuery+"&alignment=word")
				c.speak("", "one, two, three, four, five.")
				all := c.until(done)
				if got := kindsOf(of(all, delta, wordTimes, done)); !slices.Equal(got[:3], want) {
					t.Errorf("got %v, want it to begin with %v", got, want)
				}
				if got, want := wordsOf(t, all), []string{"one", "two", "three", "four", "five"}; !slices.Equal(got, want) {
					t.Errorf("got times of %v, want %v", got, want)
				}
			})
		})
	}
	for _, continues := range []bool{false, true} {
		c := open(t, drawn(t, fmt.Sprintf("wordsContinue:%t", continues)), speechQuery+"&alignment=word")
		c.speak("", words)
		first := of(c.until(done), wordTimes)
		c.speak("", "Hello.")
		second := of(c.until(done), wordTimes)
		ends := first[len(first)-1]["end_seconds"].([]any)
		starts := second[0]["start_seconds"].([]any)
		if got := starts[0].(float64) > ends[len(ends)-1].(float64); got != continues {
			t.Errorf("continues: got %t, want %t", got, continues)
		}
	}
}

// wordsOf is the words that have times, which must not run backward.
func wordsOf(t *testing.T, all []engine.Object) []string {
	t.Helper()
	var words []string
	last := 0.0
	for _, o := range of(all, wordTimes) {
		texts, starts, ends := o["words"].([]any), o["start_seconds"].([]any), o["end_seconds"].([]any)
		for i := range texts {
			start, end := starts[i].(float64), ends[i].(float64)
			if start < last || end <= start {
				t.Errorf("%v from %g to %g, after %g", texts[i], start, end, last)
			}
			words, last = append(words, texts[i].(string)), end
		}
	}
	return words
}

// The charge is the list price of the characters.
func TestTogetherCharges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for query, want := range map[string]int64{
			"?model=hexgrad/Kokoro-82M&voice=af_heart":       4 * 12,
			"?model=canopylabs/orpheus-3b-0.1-ft&voice=tara": 15 * 12,
			"?model=cartesia/sonic-english&voice=any":        65 * 12,
		} {
			c := open(t, drawn(t, "cartesia:true"), query+"&segment=never")
			c.speak("c", " Grüße, Welt") // twelve characters, of more bytes
			c.until(done)
			if got := c.Server.Stats().Streams[0].Charge; got != want {
				t.Errorf("%s: got %d millionths, want %d", query, got, want)
			}
		}
	})
}
