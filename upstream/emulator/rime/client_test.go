package rime

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

const longText = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen."

// A cancel stops the generation: nothing comes after cancelled, and nothing more is counted.
func TestRimeCancelStopsGeneration(t *testing.T) {
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 1}}, "/ws", nil, func(c *enginetest.Client) {
		c.Send(`{"contextId":"g1","start":{"speaker":"lyra","text":"` + longText + `"}}`)
		for c.Fields()["audio"] == nil {
		}
		c.Send(`{"contextId":"g1","cancel":{}}`)
		for c.Fields()["cancelled"] == nil {
		}
		generated := c.Server.Stats().Streams[0]
		time.Sleep(5 * time.Second)
		c.Drop()
		c.Send(`{"contextId":"g2","start":{"speaker":"lyra","text":"Hello."}}`)
		if m := c.Fields(); m["contextId"] != "g2" {
			c.T.Errorf("got %v after cancelled", enginetest.Brief(m))
		}
		if later := c.Server.Stats().Streams[0]; later.Audio != generated.Audio || !later.Over {
			c.T.Errorf("%v of audio at the cancel, %v later", generated.Audio, later.Audio)
		}
	})
}

// Texts of a context are one stream of sound, whose spans lie where its words do, before the time scale.
func TestRimeSpansAreThoseOfTheAudio(t *testing.T) {
	for _, scale := range []float64{1, 1.5} {
		t.Run(fmt.Sprint(scale), func(t *testing.T) {
			d := enginetest.Dialect{Vendor: Vendor, Quirks: []string{"times:spans"}}
			synctest.Test(t, func(t *testing.T) {
				c := enginetest.Connect(t, d, "/ws", nil)
				c.Send(`{"contextId":"g1","start":{"speaker":"lyra","timestamps":{"enable":true},"audioParameters":{"timeScaleFactor":`+fmt.Sprint(scale)+`}}}`,
					`{"contextId":"g1","text":"One two three. "}`, `{"contextId":"g1","text":"Four five six."}`, `{"contextId":"g1","end":{}}`)
				var raw bytes.Buffer
				m := c.Fields()
				for ; m["done"] == nil; m = c.Fields() {
					if m["audio"] != nil {
						raw.Write(enginetest.Audio(t, m["audio"]))
					}
				}
				wantSpans(t, m["done"], raw.Bytes(), scale)
			})
		})
	}
}

func wantSpans(t *testing.T, done any, raw []byte, scale float64) {
	t.Helper()
	format := audio.Format{Encoding: audio.PCM16, Rate: 24000}
	enginetest.WantWords(t, raw, format, "One two three. Four five six.")
	located, err := voice.Locate(enginetest.Samples(t, format, raw), 24000, voice.Words("One two three. Four five six."))
	if err != nil {
		t.Fatal(err)
	}
	times := done.(map[string]any)["timestamps"].(map[string]any)
	spans, _ := times["spans"].([]any)
	if len(spans) != len(located) {
		t.Fatalf("got %v, want %d spans", times, len(located))
	}
	for i, w := range located {
		span := spans[i].(map[string]any)
		start, err := strconv.ParseFloat(strings.TrimSuffix(span["start"].(string), "s"), 64)
		if off := start*scale - w.Start.Seconds(); err != nil || off > 0.01 || off < -0.01 || span["text"] != w.Text {
			t.Errorf("span %v, want %s at %v (scale %v)", span, w.Text, w.Start, scale)
		}
	}
}

// What is spoken is charged by the character, white space and all, and in whichever way the text comes.
func TestRimeCharges(t *testing.T) {
	const text = "Ä house. And 你好, more. "
	want := int64(len([]rune(text))) * charMicros
	for name, messages := range map[string][]string{
		"one shot":    {`{"contextId":"a","start":{"text":"` + text + `"}}`},
		"streaming":   {`{"contextId":"a","start":{}}`, `{"contextId":"a","text":"Ä house. "}`, `{"contextId":"a","text":"And 你好, more. "}`, `{"contextId":"a","end":{}}`},
		"accumulated": {`{"contextId":"a","start":{"splitStrategy":"SPLIT_STRATEGY_ACCUMULATE_SENTENCE"}}`, `{"contextId":"a","text":"Ä hou"}`, `{"contextId":"a","text":"se. And 你好, more. "}`, `{"contextId":"a","end":{}}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor}, "/ws", nil)
				c.Send(messages...)
				var raw bytes.Buffer
				m := c.Fields()
				for ; m["done"] == nil; m = c.Fields() {
					if m["audio"] != nil {
						raw.Write(enginetest.Audio(t, m["audio"]))
					}
				}
				enginetest.WantWords(t, raw.Bytes(), audio.Format{Encoding: audio.PCM16, Rate: 24000}, text)
				if st := c.Server.Stats().Streams; len(st) != 1 || st[0].Charge != want {
					t.Errorf("got %+v, want a charge of %d", st, want)
				}
			})
		})
	}
}

// Every format has the words in it, µ-law also at 24 kHz.
func TestRimeFormats(t *testing.T) {
	for _, tt := range []struct {
		mime string
		rate int
		want audio.Encoding // empty: it is compressed
	}{
		{"audio/pcm", 8000, audio.PCM16},
		{"audio/pcm", 16000, audio.PCM16},
		{"audio/pcmu", 8000, audio.MuLaw},
		{"audio/pcmu", 24000, audio.MuLaw},
		{"audio/mpeg", 24000, ""},
		{"audio/ogg;codecs=opus", 24000, ""},
	} {
		t.Run(fmt.Sprintf("%s %d", tt.mime, tt.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor}, "/ws", nil)
				c.Send(fmt.Sprintf(`{"contextId":"a","start":{"text":"One two three.","audioParameters":{"audioFormat":%q,"samplingRate":%d}}}`, tt.mime, tt.rate))
				var raw bytes.Buffer
				m := c.Fields()
				for ; m["done"] == nil; m = c.Fields() {
					if m["audio"] != nil {
						raw.Write(enginetest.Audio(t, m["audio"]))
					}
				}
				if tt.want == "" {
					if raw.Len() < 200 { // silence is short in Opus
						t.Errorf("got %d bytes", raw.Len())
					}
					return
				}
				heard := raw.Bytes()
				if tt.want == audio.MuLaw { // which has a name of its own at 8 kHz alone
					law, err := audio.NewConverter(audio.Format{Encoding: audio.MuLaw, Rate: 8000}, audio.Format{Encoding: audio.PCM16, Rate: 8000})
					if err != nil {
						t.Fatal(err)
					}
					heard = law.Flush(law.Convert(nil, heard))
				}
				enginetest.WantWords(t, heard, audio.Format{Encoding: audio.PCM16, Rate: tt.rate}, "One two three.")
			})
		})
	}
}

// On /ws3 each flush is a synthesis of its own, with one done and times from its first sample.
func TestRimeWS3SpeaksFlushByFlush(t *testing.T) {
	const path = "/ws3?speaker=lyra&modelId=coda&lang=eng&segment=never"
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor}, path, nil, func(c *enginetest.Client) {
		for _, text := range []string{"One two. Three four.", "Five six"} {
			c.SendJSON(engine.Object{"text": text, "contextId": "g1"})
			c.SendJSON(engine.Object{"operation": "flush"})
			var raw bytes.Buffer
			var words []string
			var starts []float64
			m := c.Fields()
			for ; m["type"] != "done"; m = c.Fields() {
				switch times, _ := m["word_timestamps"].(map[string]any); {
				case m["data"] != nil:
					raw.Write(enginetest.Audio(c.T, m["data"]))
				case times != nil:
					for i, w := range times["words"].([]any) {
						words = append(words, w.(string))
						starts = append(starts, times["start"].([]any)[i].(float64))
					}
				}
				if m["contextId"] != "g1" {
					c.T.Errorf("got %v, want it tagged", enginetest.Brief(m))
				}
			}
			enginetest.WantWords(c.T, raw.Bytes(), audio.Format{Encoding: audio.PCM16, Rate: 24000}, text)
			if !slices.Equal(words, voice.Words(text)) || !slices.IsSorted(starts) || starts[0] > 0.2 {
				c.T.Errorf("got %q at %v", words, starts)
			}
		}
	})
}

// Clear drops text and lets speech go on; closing the socket is what stops it.
func TestRimeWS3ClearAndClose(t *testing.T) {
	d := enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 1}}
	synctest.Test(t, func(t *testing.T) {
		c := enginetest.Connect(t, d, "/ws3?segment=never", nil)
		c.Send(`{"text":"`+longText+`"}`, `{"operation":"flush"}`)
		for c.Fields()["type"] != "chunk" {
		}
		c.Send(`{"text":"Never heard."}`, `{"operation":"clear"}`)
		time.Sleep(time.Second)
		if seen := c.Server.Stats(); seen.Streams[0].Audio < time.Second || seen.Streams[0].Over {
			t.Errorf("clear has stopped the speech: %+v", seen)
		}
		_ = c.Conn.CloseNow() // that is how it is stopped
		c.Await("the end", func(st engine.Stats) bool { return st.OpenContexts == 0 && st.OpenSockets == 0 })
		seen := c.Server.Stats()
		if seen.Streams[0].Audio > 3*time.Second || len(seen.Streams) != 2 || seen.Streams[1].Audio != 0 || len(seen.Cancels) != 2 {
			t.Errorf("got %+v, want the first stopped in its middle, and nothing of the second", seen)
		}
	})
}

// The handshake picks JSON, if it is offered.
func TestRimeSubprotocol(t *testing.T) {
	for offer, want := range map[string]string{"": "", "rime.v1.json": subprotocol, "rime.v2.xml": "", "rime.v2.xml, rime.v1.json": subprotocol} {
		synctest.Test(t, func(t *testing.T) {
			headers := map[string]string{"Sec-WebSocket-Protocol": offer}
			if offer == "" {
				headers = nil
			}
			w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor})
			response := w.Upgrade(t, "/ws", headers)
			if got := response.Header.Get("Sec-WebSocket-Protocol"); response.StatusCode != 101 || got != want {
				t.Errorf("%q: got %d and %q, want %q", offer, response.StatusCode, got, want)
			}
		})
	}
}
