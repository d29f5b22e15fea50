package soniox

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

// Texts are joined as they are sent, and each of their characters has a time at which one hears its word.
func TestSonioxTimesAreOfTheStreamsCharacters(t *testing.T) {
	const text = "Here are 21 of those, isn't it so? Over the lazy dog we go!"
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor, Quirks: []string{"limit:none"}}, path, nil, func(e *enginetest.Client) {
		c := client{e}
		c.Send(configOf("a", `,"return_timestamps":true`))
		for at := 0; at < len(text); at += 5 {
			c.Send(textOf("a", text[at:min(at+5, len(text))], false))
		}
		c.Send(textOf("a", "", true))
		all := c.until("a", "terminated")
		format := audio.Format{Encoding: audio.PCM16, Rate: 24000}
		enginetest.WantWords(c.T, sound(c.T, all), format, text)
		told := charactersOf(c.T, all)
		var written strings.Builder
		var at float64
		for _, k := range told {
			written.WriteString(k.text)
			if k.start < at-0.0015 || k.end < k.start {
				c.T.Errorf("%q from %v to %v, after %v", k.text, k.start, k.end, at)
			}
			at = k.end
		}
		want := text
		if strings.Contains(c.Server.Quirks(), "spellsNumbers:true") {
			want = strings.Replace(text, "21", "twenty one", 1)
		}
		if written.String() != want {
			c.T.Errorf("times of %q, want %q", written.String(), want)
		}
		heard, err := voice.Locate(enginetest.Samples(c.T, format, sound(c.T, all)), format.Rate, voice.Words(text))
		if err != nil {
			c.T.Fatal(err)
		}
		for _, w := range heard[4:] { // behind the number
			index := utf8.RuneCountInString(want[:strings.Index(want, " "+w.Text)]) + 1
			if math.Abs(told[index].start-w.Start.Seconds()) > 0.02 {
				c.T.Errorf("%s is told to begin at %v, and begins at %v", w.Text, told[index].start, w.Start)
			}
		}
	})
}

// char is a character of timestamps.
type char struct {
	text       string
	start, end float64
}

func charactersOf(t *testing.T, all []engine.Object) (told []char) {
	t.Helper()
	for _, o := range all {
		times, ok := o["timestamps"].(map[string]any)
		if !ok {
			continue
		}
		texts, starts, ends := times["characters"].([]any), times["character_start_times_seconds"].([]any), times["character_end_times_seconds"].([]any)
		if len(texts) != len(starts) || len(texts) != len(ends) {
			t.Fatalf("arrays of %d, %d and %d", len(texts), len(starts), len(ends))
		}
		for i := range texts {
			told = append(told, char{texts[i].(string), starts[i].(float64), ends[i].(float64)})
		}
	}
	return told
}

// A cancel stops generation: what is counted, and so charged, is what has been sent by then.
func TestSonioxCancelStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{Pace: 1}, "limit:none", "oddChunks:false", "lateFrames:0")
		c.Send(configOf("a", ""), textOf("a", strings.Repeat("Nobody will hear all of this. ", 20), true))
		all := c.until("a", "audio")
		c.Send(cancelOf("a"))
		all = append(all, c.until("a", "terminated")...)
		got := audio.Duration(int64(len(sound(t, all))/2), engine.NativeRate)
		time.Sleep(time.Minute)
		stream := c.Server.Stats().Streams[0]
		if stream.Audio != got || got > time.Second || !stream.Over {
			t.Errorf("%v were sent, and %v generated", got, stream.Audio)
		}
		for _, o := range all {
			if o["audio_end"] != nil {
				t.Error("audio_end after a cancel")
			}
		}
		c.Send(cancelOf("b"))
		c.Await("both cancels", func(st engine.Stats) bool { return len(st.Cancels) == 2 && st.Cancels[0].ID == "a" })
	})
}

// The charge is that of the audio that was generated, by the hour.
func TestSonioxCharges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{}, "limit:none", "oddChunks:false")
		c.Send(configOf("a", ""), textOf("a", sentence, true))
		samples := float64(len(sound(t, c.until("a", "audio_end"))) / 2)
		want := int64(math.Round(samples / 24000 / 3600 * hourMicros))
		if got := c.Server.Stats().Streams[0].Charge; got != want || want == 0 {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

// Each format has the words in it.
func TestSonioxFormats(t *testing.T) {
	for name, format := range map[string]audio.Format{
		"pcm_s16le": {Encoding: audio.PCM16, Rate: 16000},
		"pcm_f32le": {Encoding: audio.PCMF32, Rate: 48000},
		"pcm_mulaw": {Encoding: audio.MuLaw, Rate: 8000},
		"pcm_alaw":  {Encoding: audio.ALaw, Rate: 16000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{}, "limit:none")
				more := `,"audio_format":"` + name + `","sample_rate":` + rateOf(format)
				c.Send(configOf("a", more), textOf("a", sentence, true))
				enginetest.WantWords(t, sound(t, c.until("a", "audio_end")), format, sentence)
			})
		})
	}
	t.Run("wav", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := dial(t, engine.Options{}, "limit:none")
			c.Send(configOf("a", `,"audio_format":"wav","sample_rate":24000`), textOf("a", sentence, true))
			raw := sound(t, c.until("a", "audio_end"))
			header := len(audio.WAVHeader(24000))
			if !strings.HasPrefix(string(raw), "RIFF") {
				t.Fatal("there is no RIFF header")
			}
			enginetest.WantWords(t, raw[header:], audio.Format{Encoding: audio.PCM16, Rate: 24000}, sentence)
		})
	})
}

func rateOf(f audio.Format) string { return strings.TrimPrefix(f.String(), string(f.Encoding)+"@") }

// An empty text that does not end its stream has the model say something of its own.
func TestSonioxBabbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{}, "limit:none")
		c.Send(configOf("a", ""), textOf("a", "", false), textOf("a", "", true))
		if raw := sound(t, c.until("a", "audio_end")); len(raw) == 0 {
			t.Error("it said nothing")
		}
	})
}
