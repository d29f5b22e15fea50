package inworld

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

var pcm = audio.Format{Encoding: audio.PCM16, Rate: 24000}

// Each generation has times of its own that count from 0, of all tokens of its text, at which one hears its words.
func TestInworldTimesAreOfTheGeneration(t *testing.T) {
	for _, kind := range []string{"word", "character"} {
		for _, transport := range []string{"SYNC", "ASYNC"} {
			t.Run(kind+" "+transport, func(t *testing.T) {
				enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor}, path, nil, func(e *enginetest.Client) {
					c := client{e}
					c.Send(createOf("c", fmt.Sprintf(`,"timestampType":%q,"timestampTransportStrategy":%q`, strings.ToUpper(kind), transport)))
					for _, text := range []string{"Hello there, it isn't you! ", "Over the lazy dog — we go."} {
						c.Send(textOf("c", text))
						wantTimes(c, kind, text, c.until("c", "flushCompleted"))
					}
				})
			})
		}
	}
}

// wantTimes wants a generation's times to be of its text, and where its words are.
func wantTimes(c client, kind, text string, all []map[string]any) {
	c.T.Helper()
	enginetest.WantWords(c.T, sound(c.T, all), pcm, text)
	heard, err := voice.Locate(enginetest.Samples(c.T, pcm, sound(c.T, all)), pcm.Rate, voice.Words(text))
	if err != nil {
		c.T.Fatal(err)
	}
	told, tokens, last := "", 0, 0.0
	for _, o := range all {
		field := "audioChunk.timestampInfo." + kind + "Alignment." + kind
		texts, _ := o[field+"s"].([]any)
		starts, _ := o[field+"StartTimeSeconds"].([]any)
		ends, _ := o[field+"EndTimeSeconds"].([]any)
		if len(texts) != len(starts) || len(texts) != len(ends) {
			c.T.Fatalf("arrays of %d, %d and %d", len(texts), len(starts), len(ends))
		}
		for i, text := range texts {
			told += text.(string)
			tokens++
			start := starts[i].(float64)
			if len(heard) > 0 && strings.HasPrefix(heard[0].Text, text.(string)) && (kind == "word" || start > last) {
				if math.Abs(heard[0].Start.Seconds()-start) > 0.02 {
					c.T.Errorf("%s is told to begin at %v, and begins at %v", heard[0].Text, start, heard[0].Start)
				}
				last = heard[0].End.Seconds() - 0.01
				heard = heard[1:]
			}
		}
	}
	if told != text || len(heard) > 0 {
		c.T.Errorf("times of %q without %v, want %q", told, heard, text)
	}
	if words := len(voice.Words(text)); kind == "word" && tokens <= words {
		c.T.Errorf("%d tokens, though spaces and punctuation are some beside %d words", tokens, words)
	}
}

// A cancel stops generation: what is counted is what has been sent by then, and what waited is not charged.
func TestInworldCancelStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{Pace: 1}, "cancels:closes", "oddChunks:false")
		text := strings.Repeat("Nobody will hear all of this. ", 20)
		c.Send(createOf("c", ""), textOf("c", text), textOf("c", text))
		all := c.until("c", "audioChunk")
		c.Send(commandOf("c", "cancel_context"))
		all = append(all, c.until("c", "contextClosed")...)
		late := audio.Duration(int64(len(sound(t, all))/2), pcm.Rate)
		time.Sleep(time.Minute)
		stream := c.Server.Stats().Streams[0]
		if stream.Audio > late || late > 2*time.Second || !stream.Over {
			t.Errorf("%v were sent, and %v generated", late, stream.Audio)
		}
		if want := int64(len(text)) * 35; stream.Charge != want {
			t.Errorf("charged %d, want %d", stream.Charge, want)
		}
		for _, o := range all {
			if o["flushCompleted"] != nil {
				t.Error("flushCompleted of a generation that was cancelled")
			}
		}
	})
}

// The characters of chunks are those of the text, together or as they run.
func TestInworldCountsCharacters(t *testing.T) {
	for _, running := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := dial(t, engine.Options{}, fmt.Sprintf("running:%t", running))
			c.Send(createOf("c", ""), textOf("c", sentence), textOf("c", sentence))
			all := append(c.until("c", "flushCompleted"), c.until("c", "flushCompleted")...)
			sum, last := 0.0, 0.0
			for _, o := range all {
				if n, ok := o["audioChunk.usage.processedCharactersCount"].(float64); ok {
					sum, last = sum+n, n
				}
			}
			want := float64(2 * len(sentence))
			if running && last != want || !running && sum != want {
				t.Errorf("running %t: the last says %v, together %v, want %v", running, last, sum, want)
			}
			if got := c.Server.Stats().Streams[0].Charge; got != int64(want)*35 {
				t.Errorf("charged %d, want %v", got, want*35)
			}
		})
	}
}

// Each encoding has the words in it, behind a header in each chunk where it is LINEAR16.
func TestInworldEncodings(t *testing.T) {
	for name, format := range map[string]audio.Format{
		"PCM": {Encoding: audio.PCM16, Rate: 48000}, "LINEAR16": {Encoding: audio.PCM16, Rate: 16000},
		"MULAW": {Encoding: audio.MuLaw, Rate: 8000}, "ALAW": {Encoding: audio.ALaw, Rate: 24000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{}, "oddChunks:false")
				c.Send(createOf("c", fmt.Sprintf(`,"audioConfig":{"audioEncoding":%q,"sampleRateHertz":%d}`, name, format.Rate)), textOf("c", sentence))
				header := len(audio.WAVHeader(format.Rate))
				var raw []byte
				for _, o := range c.until("c", "flushCompleted") {
					if o["audioChunk.audioContent"] == nil {
						continue
					}
					chunk := enginetest.Audio(t, o["audioChunk.audioContent"])
					if riff := strings.HasPrefix(string(chunk), "RIFF"); riff != (name == "LINEAR16") {
						t.Fatalf("a chunk has a header: %t", riff)
					}
					if name == "LINEAR16" {
						chunk = chunk[header:]
					}
					raw = append(raw, chunk...)
				}
				enginetest.WantWords(t, raw, format, sentence)
			})
		})
	}
}

// Twenty sockets: one more is refused, until one of them is over. A hundred contexts a second.
func TestInworldLimitsTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, engine.Options{}, "limited:true", "limitInBand:false")
		var all []client
		for range maxSockets {
			all = append(all, client{w.Connect(t, path, nil)})
		}
		if _, response, err := w.TryDial(t, path, nil); response == nil || response.StatusCode != http.StatusTooManyRequests {
			t.Errorf("got %v, want status 429", err)
		}
		refused := 0
		for i := range maxRequests + 5 {
			c, id := all[i%maxSockets], fmt.Sprint(i)
			c.Send(createOf(id, ""), commandOf(id, "close_context"))
			if c.until(id, "status")[0]["status.code"] == float64(resourceExhausted) {
				refused++
				c.until(id, "status")
				continue
			}
			c.until(id, "contextClosed")
		}
		if refused != 5 {
			t.Errorf("%d contexts were refused, want 5", refused)
		}
		time.Sleep(time.Second)
		all[0].Send(createOf("later", ""))
		all[0].until("later", "contextCreated")
	})
}

// A socket too many may be told by an error.
func TestInworldRefusesInBand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, engine.Options{}, "limited:true", "limitInBand:true")
		for range maxSockets {
			w.Connect(t, path, nil)
		}
		if got := enginetest.Flatten(w.Connect(t, path, nil).Fields()); got["error.code"] != float64(resourceExhausted) {
			t.Errorf("got %v, want an error 8", got)
		}
	})
}
