package minimax

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// until reads to an event, and gives the audio before it and the characters that it was charged as.
func until(c *enginetest.Client, event string) (raw []byte, usage int64) {
	c.T.Helper()
	var heard bytes.Buffer
	for {
		m := c.Fields()
		heard.Write(sound(m))
		if m["is_final"] == true {
			usage += int64(m["extra_info"].(map[string]any)["usage_characters"].(float64))
		}
		if m["event"] == event {
			return heard.Bytes(), usage
		}
	}
}

var pcm = audio.Format{Encoding: audio.PCM16, Rate: 24000}

// A cancel stops the generation, and the next turn on the socket is heard whole and alone.
func TestMiniMaxCancelStopsGeneration(t *testing.T) {
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 1}}, path, nil, func(c *enginetest.Client) {
		c.Send(begin, say("One two three four five six seven eight nine ten eleven twelve thirteen"), `{"event":"task_flush"}`)
		for len(sound(c.Fields())) == 0 {
		}
		c.Send(`{"event":"task_cancel"}`)
		until(c, "task_canceled")
		generated := c.Server.Stats().Streams[0]
		time.Sleep(5 * time.Second)
		c.Send(say("Hello there."), `{"event":"task_flush"}`)
		raw, _ := until(c, "task_flushed")
		enginetest.WantWords(c.T, raw, pcm, "Hello there.")
		if later := c.Server.Stats().Streams[0]; later.Audio != generated.Audio || !later.Over || later.Audio > 3*time.Second {
			c.T.Errorf("%v of audio at the cancel, %v later", generated.Audio, later.Audio)
		}
	})
}

// What is spoken is charged by the character, a Chinese one twice, and what is told of it is the same.
func TestMiniMaxCharges(t *testing.T) {
	for text, want := range map[string]int64{
		"Hello there.":              12,
		"Ä house. And more, (sic) ": 25,
		"你好。世界":                     9, // the mark counts once
		"Wait<#0.5#>for me":         17,
		"It is 3.14... or so! ":     21,
	} {
		t.Run(text, func(t *testing.T) {
			for model, micros := range map[string]int64{"speech-2.8-turbo": turboMicros, "speech-2.6-hd": hdMicros} {
				enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor}, path, nil, func(c *enginetest.Client) {
					c.Send(strings.Replace(begin, "speech-2.8-turbo", model, 1), say(text), `{"event":"task_flush"}`)
					if _, usage := until(c, "task_flushed"); usage != want {
						c.T.Errorf("told %d characters, want %d", usage, want)
					}
					if got := c.Server.Stats().Streams[0].Charge; got != want*micros {
						c.T.Errorf("charged %d, want %d", got, want*micros)
					}
				})
			}
		})
	}
}

// Pieces are told apart by their task_flushed, also those in which nothing is to be said, and words by their gaps.
func TestMiniMaxFlushes(t *testing.T) {
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor}, path, nil, func(c *enginetest.Client) {
		texts := []string{"One two. Three", " four", "", " ", "<#1.5#>Five", "six<#0.3#>seven"}
		c.Send(begin)
		for _, text := range texts {
			c.Send(say(text), `{"event":"task_flush"}`)
		}
		for _, text := range texts {
			raw, _ := until(c, "task_flushed")
			enginetest.WantWords(c.T, raw, pcm, pause.ReplaceAllString(text, " "))
		}
	})
}

// Whole sentences are spoken unasked, and the rest once it has waited.
func TestMiniMaxSpeaksUnasked(t *testing.T) {
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor}, path, nil, func(c *enginetest.Client) {
		c.Send(begin, say("Hello there. "), say("And"))
		raw, _ := until(c, "sentence_end")
		enginetest.WantWords(c.T, raw, pcm, "Hello there.")
		began := time.Now()
		raw, _ = until(c, "sentence_end")
		enginetest.WantWords(c.T, raw, pcm, "And")
		if waited := time.Since(began); waited < time.Second || waited > 6*time.Second {
			c.T.Errorf("what is short waited for %v", waited)
		}
	})
}

func TestMiniMaxCuts(t *testing.T) {
	q := quirks{enough: 10, most: 30}
	for buffer, want := range map[string][]string{
		"Hello":                           {"Hello"},
		"Hello.":                          {"Hello.", ""},
		"Hello. And":                      {"Hello. ", "And"},
		"Pi is 3.14 or":                   {"Pi is 3.14 or"},
		"Well... no":                      {"Well... ", "no"},
		"a, b":                            {"a, b"},
		"somewhat longer, b":              {"somewhat longer, ", "b"},
		"你好。世界":                           {"你好。", "世界"},
		"line\nline":                      {"line\n", "line"},
		"this goes on and on without any": {"this goes on and on without ", "any"},
	} {
		whole, rest := q.cut(buffer)
		if got := append(whole, rest); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", buffer, got, want)
		}
	}
}

// The server never pings, and closes what is quiet for two minutes; a client's ping keeps it open.
func TestMiniMaxIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor}, path, nil)
		c.Send(begin)
		until(c, "task_started")
		for range 5 {
			time.Sleep(time.Minute)
			if err := c.Conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		m, err := enginetest.Fields(c.NextWithin(3 * time.Minute).Data)
		if waited := time.Since(began); err != nil || code(m) != idleTooLong || waited < 119*time.Second || waited > 121*time.Second {
			t.Errorf("got %v after %v, want %d after 2 m", m, waited, idleTooLong)
		}
	})
}

// On the older socket each text is a synthesis, and there is neither flush nor cancel.
func TestMiniMaxOlderSocket(t *testing.T) {
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor, Quirks: []string{"unknownCloses:false"}}, olderWay, nil, func(c *enginetest.Client) {
		c.Send(begin, say("One two"), say("three four."), `{"event":"task_finish"}`)
		raw, usage := until(c, "task_finished")
		enginetest.WantWords(c.T, raw, pcm, "One two three four.")
		if usage != int64(len("One two"+"three four.")) {
			c.T.Errorf("told %d characters", usage)
		}
	})
	for _, event := range []string{"task_flush", "task_cancel"} {
		synctest.Test(t, func(t *testing.T) {
			c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor}, olderWay, nil)
			c.Send(begin)
			until(c, "task_started")
			c.Send(fmt.Sprintf(`{"event":%q}`, event))
			if m := c.Fields(); code(m) != unknownEvent {
				t.Errorf("%s: got %v", event, m)
			}
		})
	}
}
