package fish

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
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

// told is what a session has said.
type told struct {
	audio    bytes.Buffer
	contents []string
	words    []voice.WordTime // in the session's own time
	latest   []voice.WordTime // of the chunk that is under way
	seq      any
}

// hear reads a session to its end. An alignment takes the place of the chunk's former ones.
func hear(c *enginetest.Client) *told {
	c.T.Helper()
	h := &told{}
	for m := c.Fields(); m["event"] != "finish"; m = c.Fields() {
		if m["event"] != "audio" {
			c.T.Fatalf("got %v", enginetest.Brief(m))
		}
		if text, _ := m["audio"].(string); text != "" {
			h.audio.Write(enginetest.Audio(c.T, m["audio"]))
		}
		h.take(m)
	}
	h.words = append(h.words, h.latest...)
	return h
}

func (h *told) take(m map[string]any) {
	if m["chunk_seq"] != h.seq {
		h.seq, h.contents = m["chunk_seq"], append(h.contents, m["content"].(string))
		h.words, h.latest = append(h.words, h.latest...), nil
	}
	alignment, _ := m["alignment"].(map[string]any)
	if alignment == nil {
		return
	}
	h.latest = nil
	for _, segment := range alignment["segments"].([]any) {
		s, at := segment.(map[string]any), m["chunk_audio_offset_sec"].(float64)
		second := func(name string) time.Duration { return time.Duration((at + s[name].(float64)) * float64(time.Second)) }
		h.latest = append(h.latest, voice.WordTime{Text: s["text"].(string), Start: second("start"), End: second("end")})
	}
}

func dialect() enginetest.Dialect { return enginetest.Dialect{Vendor: Vendor, Codec: codec()} }

// The words of each chunk are where its last alignment says, and the contents are the text.
func TestFishTimesAreThoseOfTheAudio(t *testing.T) {
	const text = "One two three. Four five, six seven."
	enginetest.EachSeed(t, dialect(), timedPath, nil, func(c *enginetest.Client) {
		c.Send(begin, say("One two three. "), flush, say("Four five,"), say(" six seven."), stop)
		h := hear(c)
		enginetest.WantWords(c.T, h.audio.Bytes(), pcm, text)
		located, err := voice.Locate(enginetest.Samples(c.T, pcm, h.audio.Bytes()), 24000, voice.Words(text))
		if err != nil || len(located) != len(h.words) {
			c.T.Fatalf("told %v, heard %v (%v), %s", h.words, located, err, c.Server.Quirks())
		}
		for i, w := range located {
			if got := h.words[i]; got.Text != w.Text || (got.Start-w.Start).Abs() > 10*time.Millisecond {
				c.T.Errorf("told %v, heard %v", got, w)
			}
		}
		if got := strings.Join(strings.Fields(strings.Join(h.contents, " ")), " "); got != text {
			c.T.Errorf("the contents are %q", h.contents)
		}
	})
}

// Closing the socket stops the generation, which is the one way to.
func TestFishCloseStopsGeneration(t *testing.T) {
	d := dialect()
	d.Options.Pace = 1
	enginetest.EachSeed(t, d, path, nil, func(c *enginetest.Client) {
		c.Send(begin, say("One two three four five six seven eight nine ten eleven twelve thirteen."), flush)
		for m := c.Fields(); m["audio"] == ""; m = c.Fields() {
		}
		_ = c.Conn.CloseNow() // that is how
		c.Await("the end", func(st engine.Stats) bool { return st.OpenContexts == 0 && st.OpenSockets == 0 })
		seen := c.Server.Stats()
		if len(seen.Cancels) != 1 || seen.Streams[0].Audio > 3*time.Second {
			c.T.Errorf("got %+v, want a cancel in the middle", seen)
		}
	})
}

// What is spoken is charged by its bytes, cues and white space as well, in however many chunks.
func TestFishCharges(t *testing.T) {
	for model, micros := range map[string]int64{"s1": 15, "s2-pro": 15, "": 15, "nobody": 15, "s2.1-pro-free": 0} {
		enginetest.EachSeed(t, dialect(), path, http.Header{"Model": {model}}, func(c *enginetest.Client) {
			text := "Ä house. [whispering] And 你好, (sic) more. " + strings.Repeat("Words and words. ", 30)
			c.Send(begin, say(text[:20]), say(text[20:]), flush, stop)
			h := hear(c)
			if h.audio.Len() == 0 {
				c.T.Error("nothing is heard")
			}
			if got := c.Server.Stats().Streams[0].Charge; got != int64(len(text))*micros {
				c.T.Errorf("charged %d, want %d", got, int64(len(text))*micros)
			}
		})
	}
}

// A cue is not heard, in the brackets of its model.
func TestFishCues(t *testing.T) {
	for model, want := range map[string]string{"s1": "Well [whispering] now", "s2.1-pro": "Well (sighing) now", "drama-3": "Well [whispering] (sighing) now"} {
		synctest.Test(t, func(t *testing.T) {
			c := enginetest.Connect(t, dialect(), timedPath, http.Header{"Model": {model}})
			c.Send(begin, say("Well [whispering] (sighing) now"), stop)
			enginetest.WantWords(t, hear(c).audio.Bytes(), pcm, want)
		})
	}
}

// Text is spoken without a flush once there is as much as a chunk has, and cut between words.
func TestFishSpeaksUnasked(t *testing.T) {
	d := dialect()
	d.Quirks = []string{"idleSeconds:0"}
	synctest.Test(t, func(t *testing.T) {
		c := enginetest.Connect(t, d, timedPath, nil)
		text := strings.TrimSpace(strings.Repeat("ten letters ", 9))
		c.Send(strings.Replace(begin, `"text":""`, `"chunk_length":100`, 1), say(text[:90]))
		if r := c.Next(); r.Err == nil {
			t.Fatalf("got %q", r.Data)
		}
		c.Send(say(text[90:]))
		if m := c.Fields(); strings.TrimSpace(m["content"].(string)) != strings.Repeat("ten letters ", 8)+"ten" {
			t.Errorf("got %v", enginetest.Brief(m))
		}
		c.Send(stop)
		if h := hear(c); len(h.contents) != 2 || strings.TrimSpace(h.contents[1]) != "letters" {
			t.Errorf("got %q", h.contents)
		}
	})
}

// So many sessions may be open at once. A socket without one counts for nothing.
func TestFishConcurrency(t *testing.T) {
	for _, limit := range []string{"upgrade", "start"} {
		d := dialect()
		d.Quirks = []string{"limit:" + limit, "idleSeconds:0"}
		synctest.Test(t, func(t *testing.T) {
			w := enginetest.Serve(t, d)
			var all []*enginetest.Client
			for range concurrency + 1 {
				all = append(all, w.Connect(t, path, nil))
			}
			for _, c := range all[:concurrency] {
				c.Send(begin)
				synctest.Wait()
			}
			if limit == "start" {
				all[concurrency].Send(begin)
				if m := all[concurrency].Fields(); m["error"] != concurrencyExceeded || m["max_concurrency"] != float64(concurrency) {
					t.Errorf("got %v", m)
				}
			} else if _, response, err := w.TryDial(t, path, nil); err == nil || response.StatusCode != http.StatusTooManyRequests {
				t.Errorf("got %v", err)
			}
			_ = all[0].Conn.CloseNow() // there is room again
			synctest.Wait()
			next := w.Connect(t, path, nil)
			next.Send(begin, say("Hello."), stop)
			enginetest.WantWords(t, hear(next).audio.Bytes(), pcm, "Hello.")
		})
	}
}

// Every format is one stream, at each of its rates.
func TestFishFormats(t *testing.T) {
	for format, rates := range map[string][]int{"pcm": {8000, 16000, 24000, 32000, 44100}, "wav": {24000}, "mp3": {32000, 44100}, "opus": {48000}} {
		for _, rate := range rates {
			t.Run(fmt.Sprint(format, rate), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := enginetest.Connect(t, dialect(), path, nil)
					c.Send(strings.NewReplacer(`"pcm"`, fmt.Sprintf("%q", format), "24000", fmt.Sprint(rate)).Replace(begin), say("One two. "), flush, say("Three four."), stop)
					raw := hear(c).audio.Bytes()
					switch format {
					case "pcm":
						enginetest.WantWords(t, raw, audio.Format{Encoding: audio.PCM16, Rate: rate}, "One two. Three four.")
					case "wav":
						if n := bytes.Count(raw, []byte("RIFF")); n != 1 || !slices.Equal(raw[:4], []byte("RIFF")) {
							t.Errorf("got %d headers", n)
						}
					default:
						if len(raw) < 200 { // silence is short in Opus
							t.Errorf("got %d bytes", len(raw))
						}
					}
				})
			})
		}
	}
}
