package cartesia

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// client is a client on one socket of an emulator.
type client struct{ *enginetest.Client }

// each runs a test for some seeds.
func each(t *testing.T, o engine.Options, test func(c client)) {
	t.Helper()
	header := http.Header{"Cartesia-Version": {structuredErrors}}
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor, Options: o}, "/tts/websocket", header, func(c *enginetest.Client) { test(client{c}) })
}

// request asks for a text.
func (c client) request(id, text string, last bool) {
	c.SendJSON(engine.Object{
		"model_id": "sonic-3", "transcript": text, "voice": engine.Object{"mode": "id", "id": "v"}, "context_id": id,
		"output_format": engine.Object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
		"continue":      !last, "add_timestamps": true, "max_buffer_delay_ms": 0,
	})
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
func (c client) hear(id string) (got heard) {
	c.T.Helper()
	for {
		r := c.Next()
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
				c.T.Fatal(err)
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

func TestCartesiaLimitsContexts(t *testing.T) {
	refused := 0
	each(t, engine.Options{Pace: 1}, func(c client) {
		for i := range concurrency {
			c.request(fmt.Sprint("c", i), "One two three.", false)
		}
		c.request("one-more", "Four.", true)
		got := c.hear("one-more")
		if got.last["type"] == "error" {
			refused++
			if got.last["error_code"] != "concurrency_limited" || got.last["status_code"] != float64(429) {
				c.T.Errorf("got %v, want concurrency_limited", got.last)
			}
		}
	})
	if refused == 0 || refused == 8 {
		t.Errorf("%d of 8 seeds have a limit, want some", refused)
	}
}
