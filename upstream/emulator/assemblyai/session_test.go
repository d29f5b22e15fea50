package assemblyai

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

// client is a client of the emulator.
type client struct{ *enginetest.Client }

// dial connects to an emulator of its own that has drawn quirks, as name:value, and reads Begin.
func dial(t *testing.T, o engine.Options, query string, quirks ...string) client {
	t.Helper()
	c := client{enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks}, path+query, nil)}
	c.until("Begin")
	return c
}

// until reads up to a message of a type, and returns all.
func (c client) until(kind string) (all []object) {
	c.T.Helper()
	for {
		o := c.Fields()
		all = append(all, o)
		if o["type"] == kind {
			return all
		}
	}
}

// sound is the audio of messages.
func sound(t *testing.T, all []object) (raw []byte) {
	t.Helper()
	for _, o := range all {
		if o["type"] == "Audio" {
			raw = append(raw, enginetest.Audio(t, o["audio"])...)
		}
	}
	return raw
}

// Words are the tokens of the text as they stand in it. Their times are those of the session's audio, also behind a request that was
// cancelled.
func TestAssemblyAITimesAreOfTheSession(t *testing.T) {
	texts := []string{"Here are 21 of them, isn't it so? ", "Over the lazy dog (again) — we go!"}
	d := enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 8}, Quirks: []string{"limited:false", "oddChunks:false"}}
	enginetest.EachSeed(t, d, "/v1/ws", nil, func(e *enginetest.Client) {
		c := client{e}
		c.until("Begin")
		c.Send(textOf("Nobody will hear the end of all of this, for it is not wanted any more."), flush)
		all := c.until("Audio")
		c.Send(cancel)
		all = append(all, c.until("Cancelled")...)
		var told []map[string]any
		for _, text := range texts {
			before := audio.Duration(int64(len(sound(c.T, all))/2), 24000)
			c.Send(textOf(text), flush)
			all = append(all, c.until("WordBoundaries")...)
			last := all[len(all)-1]
			if got := last["audio_start_ms"].(float64); math.Abs(got-float64(before.Milliseconds())) > 2 {
				c.T.Errorf("audio_start_ms is %v, want %v", got, before)
			}
			var written []string
			for _, w := range last["words"].([]any) {
				told = append(told, w.(map[string]any))
				written = append(written, w.(map[string]any)["word"].(string))
			}
			if got, want := strings.Join(written, " "), strings.ReplaceAll(strings.TrimSpace(text), " —", ""); got != want {
				c.T.Errorf("got the words %q, want %q", got, want)
			}
		}
		wantHeard(c.T, sound(c.T, all), told, texts)
	})
}

// wantHeard wants that one hears each word at the time that is told.
func wantHeard(t *testing.T, raw []byte, told []map[string]any, texts []string) {
	t.Helper()
	const margin = 10 // ms
	for _, w := range told {
		const samples = 24 // in a millisecond
		from, to := int(w["start"].(float64))-margin, int(w["end"].(float64))+margin
		pcm := enginetest.Samples(t, audio.Format{Encoding: audio.PCM16, Rate: 24000}, raw)
		heard, err := voice.Decode(pcm[max(0, from*samples):min(to*samples, len(pcm))], 24000, voice.Words(strings.Join(texts, " ")))
		if want := voice.Words(w["word"].(string)); err != nil || fmt.Sprint(heard) != fmt.Sprint(want) {
			t.Errorf("at the times of %v one hears %q, %v", w, heard, err)
		}
	}
}

// A Cancel stops generation, and what waited is not charged. What was being spoken is, or it is not.
func TestAssemblyAICancelStops(t *testing.T) {
	for _, bills := range []bool{true, false} {
		t.Run(fmt.Sprintf("bills %t", bills), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{Pace: 1}, "", "limited:false", "early:0", "oddChunks:false", fmt.Sprintf("billsCancelled:%t", bills))
				text := strings.Repeat("Nobody will hear all of this. ", 20)
				c.Send(textOf("Yes."), flush)
				c.until("FlushDone")
				c.Send(textOf(text), flush, textOf(text), flush, textOf("And this"))
				all := c.until("Audio")
				c.Send(cancel)
				all = append(all, c.until("Cancelled")...)
				sent := audio.Duration(int64(len(sound(t, all))/2), 24000)
				time.Sleep(time.Minute)
				streams := c.Server.Stats().Streams
				if got := streams[1].Audio; got > sent || sent > 2*time.Second || got == 0 {
					t.Errorf("%v were sent, and %v generated", sent, got)
				}
				if seconds := all[len(all)-1]["audio_duration_seconds"].(float64); math.Abs(seconds-streams[1].Audio.Seconds()) > 0.001 {
					t.Errorf("Cancelled says %v of %v", seconds, streams[1].Audio)
				}
				want := int64(0)
				if bills {
					want = int64(len(text))
				}
				if streams[1].Charge != want*charMicros || streams[2].Charge != 0 || streams[3].Charge != 0 {
					t.Errorf("charged %+v", streams)
				}
				c.Send(`{"type":"Terminate"}`)
				end := c.until("Termination")
				if got := end[len(end)-1]["total_input_char_length"]; got != float64(want+int64(len("Yes."))) {
					t.Errorf("the session has %v characters, want %d", got, want+4)
				}
			})
		})
	}
}

// Sixty new sessions a minute, refused ones too. One more is told when to come again.
func TestAssemblyAILimitsNewSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Quirks: []string{"limited:true"}})
		for i := range maxSessions {
			query := ""
			if i%2 == 1 {
				query = "&language=klingon"
			}
			w.Connect(t, path+query, nil).Fields()
		}
		time.Sleep(20 * time.Second)
		c := w.Connect(t, path, nil)
		got := c.Fields()
		if got["error_code"] != 3009.0 || got["retryable"] != true || got["retry_after_seconds"] != 40.0 {
			t.Errorf("got %v, want an error 3009 that may be retried after 40 s", got)
		}
		if code := websocket.CloseStatus(c.Next().Err); code != tooMany {
			t.Errorf("got close code %d, want 3009", code)
		}
		time.Sleep(40 * time.Second)
		if got := w.Connect(t, path, nil).Fields(); got["type"] != "Begin" {
			t.Errorf("a minute later: got %v", got)
		}
	})
}

// When a session's time is over, what it has to say is spoken for up to a minute.
func TestAssemblyAIDrainsBeforeItExpires(t *testing.T) {
	for name, text := range map[string]string{"all": "One two three four five six seven eight nine ten.", "a minute of it": strings.Repeat("word ", maxText/5)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{Pace: 1}, "", "limited:false", "early:0", "oddChunks:false")
				began := time.Now()
				for range 60 {
					time.Sleep(time.Minute - 16*time.Millisecond)
					c.Send(`{"type":"KeepAlive"}`)
				}
				c.Send(textOf(text), flush)
				all := c.until("Error")
				took := time.Since(began)
				spoken := c.Server.Stats().Streams[0].Audio
				if last := all[len(all)-1]; last["error_code"] != 3008.0 || took < sessionTTL+min(spoken, draining)-5*time.Second || took > sessionTTL+draining+5*time.Second {
					t.Errorf("got %v after %v, with %v of audio", last, took, spoken)
				}
				if whole := all[len(all)-2]["type"] == "FlushDone"; whole != (name == "all") {
					t.Errorf("it spoke to the end: %t", whole)
				}
			})
		})
	}
}

// A binary message ends the session; a message that is too long is a bare close.
func TestAssemblyAIBadFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{}, "", "limited:false")
		if err := c.Conn.Write(t.Context(), websocket.MessageBinary, []byte(flush)); err != nil {
			t.Fatal(err)
		}
		if got := c.Fields(); got["error_code"] != 3006.0 {
			t.Errorf("got %v, want an error 3006", got)
		}
		c = dial(t, engine.Options{}, "", "limited:false")
		c.Send(textOf(strings.Repeat("x", 1<<20)))
		if got := websocket.CloseStatus(c.Next().Err); got != websocket.StatusMessageTooBig {
			t.Errorf("got close code %d, want 1009", got)
		}
	})
}

// Each encoding has the words in it.
func TestAssemblyAIEncodings(t *testing.T) {
	for name, format := range map[string]audio.Format{
		"pcm_s16le": {Encoding: audio.PCM16, Rate: 22050}, "pcm_mulaw": {Encoding: audio.MuLaw, Rate: 8000}, "pcm_alaw": {Encoding: audio.ALaw, Rate: 16000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{}, fmt.Sprintf("&encoding=%s&sample_rate=%d", name, format.Rate), "limited:false")
				c.Send(textOf(sentence), flush)
				enginetest.WantWords(t, sound(t, c.until("FlushDone")), format, sentence)
			})
		})
	}
}
