package cartesia

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

// client is a client that reads what it is sent, whatever that is.
type client struct {
	t      *testing.T
	server *engine.Server
	conn   *websocket.Conn
	all    <-chan enginetest.Arrival
}

// each runs a test for each seed, in a bubble, with the emulator in memory.
func each(t *testing.T, o engine.Options, test func(c *client)) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.Seed = seed
				server, conn := enginetest.InMemory(t, Vendor, "/tts/websocket", http.Header{"Cartesia-Version": {structuredErrors}}, o)
				test(&client{t: t, server: server, conn: conn, all: enginetest.Receive(conn)})
			})
		})
	}
}

// request asks for a text.
func (c *client) request(id, text string, last bool) {
	c.send(engine.Object{
		"model_id": "sonic-3", "transcript": text, "voice": engine.Object{"mode": "id", "id": "v"}, "context_id": id,
		"output_format": engine.Object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
		"continue":      !last, "add_timestamps": true, "max_buffer_delay_ms": 0,
	})
}

func (c *client) send(o engine.Object) {
	c.t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, data); err != nil {
		c.t.Fatal(err)
	}
}

// heard is what has come of a context.
type heard struct {
	pcm    []byte
	words  []string
	starts []float64
	others int           // messages of other contexts
	last   engine.Object // done or error; nil: the connection ended
	err    error         // of the connection
}

// hear reads a context to its end.
func (c *client) hear(id string) (got heard) {
	c.t.Helper()
	for {
		r := enginetest.Within(c.all)
		if r.Err != nil {
			got.err = r.Err
			return got
		}
		var o engine.Object
		if json.Unmarshal(r.Data, &o) != nil {
			got.err = enginetest.ErrUnreadable
			return got
		}
		if o["context_id"] != id && o["context_id"] != nil {
			got.others++
			continue
		}
		switch o["type"] {
		case "chunk":
			raw, err := base64.StdEncoding.DecodeString(o["data"].(string))
			if err != nil {
				c.t.Fatal(err)
			}
			got.pcm = append(got.pcm, raw...)
		case "timestamps":
			times := o["word_timestamps"].(map[string]any)
			for i, w := range times["words"].([]any) {
				got.words = append(got.words, w.(string))
				got.starts = append(got.starts, times["start"].([]any)[i].(float64))
			}
		case "done", "error":
			got.last = o
			return got
		}
	}
}

func TestCartesiaSpeaksEveryWord(t *testing.T) {
	texts := []string{"Our quick brown fox jumps. ", "Over the lazy dog it goes, ", "and home again!"}
	want := voice.Words(texts[0] + texts[1] + texts[2])
	each(t, engine.Options{}, func(c *client) {
		for i, text := range texts {
			c.request("c1", text, i == len(texts)-1)
		}
		got := c.hear("c1")
		if heard := enginetest.HearWords(c.t, got.pcm, want); !slices.Equal(heard, want) {
			c.t.Errorf("heard %q, want %q", heard, want)
		}
		if !slices.Equal(got.words, want) {
			c.t.Errorf("got times of %q, want %q", got.words, want)
		}
		if got.last["type"] != "done" {
			c.t.Errorf("got %v and %v, want done", got.last, got.err)
		}
		st := c.server.Stats()
		if n := int64(len(texts[0]) + len(texts[1]) + len(texts[2])); st.Streams[0].Charge != n*charMicros {
			c.t.Errorf("charged %d for %d characters", st.Streams[0].Charge, n)
		}
		if !c.server.WaitFor(func(st engine.Stats) bool { return st.OpenContexts == 0 }, time.Second) {
			c.t.Error("the context is still open")
		}
	})
}

func TestCartesiaLimitsContexts(t *testing.T) {
	refused := 0
	each(t, engine.Options{Pace: 1}, func(c *client) {
		for i := range concurrency {
			c.request(fmt.Sprint("c", i), "One two three.", false)
		}
		c.request("one-more", "Four.", true)
		got := c.hear("one-more")
		if got.last["type"] == "error" {
			refused++
			if got.last["error_code"] != "concurrency_limited" || got.last["status_code"] != float64(429) {
				c.t.Errorf("got %v, want concurrency_limited", got.last)
			}
		}
	})
	if refused == 0 || refused == 8 {
		t.Errorf("%d of 8 seeds have a limit, want some", refused)
	}
}

func TestCartesiaFaults(t *testing.T) {
	for fault, want := range map[string]func(got heard) bool{
		"drop:100ms":       func(got heard) bool { return got.err != nil && websocket.CloseStatus(got.err) == -1 },
		"close:1011:100ms": func(got heard) bool { return websocket.CloseStatus(got.err) == 1011 },
		"garbage:100ms":    func(got heard) bool { return got.err == enginetest.ErrUnreadable },
		"error:quota_exceeded": func(got heard) bool {
			return got.last["status_code"] == float64(402) && got.last["context_id"] == "c1"
		},
		"error:anything:session:100ms": func(got heard) bool {
			return got.last["status_code"] == float64(500) && got.last["context_id"] == nil
		},
		"stall:100ms":  func(got heard) bool { return got.last == nil && len(got.pcm) > 0 },
		"empty":        func(got heard) bool { return got.last["type"] == "done" && len(got.pcm) == 0 },
		"wrong_length": func(got heard) bool { return got.last["type"] == "done" && len(got.pcm) == 960 },
		"odd_chunks":   func(got heard) bool { return got.last["type"] == "done" && len(got.pcm) > 48000 },
		"late:3s":      func(got heard) bool { return got.last["type"] == "done" && len(got.pcm) > 48000 },
		"slow":         func(got heard) bool { return got.last["type"] == "done" && len(got.pcm) > 48000 },
	} {
		t.Run(fault, func(t *testing.T) {
			f, err := engine.ParseFault(fault)
			if err != nil {
				t.Fatal(err)
			}
			each(t, engine.Options{Fault: f}, func(c *client) {
				c.request("c1", "One two three four five six seven eight.", true)
				if got := c.hear("c1"); !want(got) {
					c.t.Errorf("got %d bytes, %v and %v", len(got.pcm), got.last, got.err)
				}
			})
		})
	}
}
