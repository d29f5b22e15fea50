package deepgram

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// client is a client on one socket of an emulator.
type client struct{ *enginetest.Client }

// each runs a test for some seeds.
func each(t *testing.T, o engine.Options, test func(c client)) {
	t.Helper()
	eachOf(t, "/v1/speak?model=aura-2-thalia-en", o, test)
}

// eachOf is each at an address.
func eachOf(t *testing.T, address string, o engine.Options, test func(c client)) {
	t.Helper()
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor, Options: o}, address, nil, func(c *enginetest.Client) { test(client{c}) })
}

// send sends messages of a type each, those that begin with "Speak" with the text after that.
func (c client) send(kinds ...string) {
	c.T.Helper()
	for _, kind := range kinds {
		o := engine.Object{"type": kind}
		if text, ok := strings.CutPrefix(kind, "Speak "); ok {
			o = engine.Object{"type": "Speak", "text": text}
		}
		c.SendJSON(o)
	}
}

// until reads until a message of a kind, or of an error, and gives the audio before it.
func (c client) until(kind string) (pcm []byte, err error) {
	c.T.Helper()
	for {
		r := c.Next()
		if r.Err != nil {
			return pcm, r.Err
		}
		if r.Binary {
			pcm = append(pcm, r.Data...)
			continue
		}
		var o engine.Object
		if json.Unmarshal(r.Data, &o) != nil {
			return pcm, enginetest.ErrUnreadable
		}
		if o["type"] == kind || o["type"] == "Error" {
			return pcm, nil
		}
	}
}

// TestDeepgramClears stops a turn in its middle, and has the next one heard whole and alone.
func TestDeepgramClears(t *testing.T) {
	each(t, engine.Options{Pace: 1}, func(c client) {
		c.send("Speak One two three four five six seven eight nine ten.", "Flush")
		time.Sleep(time.Second)
		c.send("Clear")
		pcm, err := c.until("Cleared")
		if err != nil || len(pcm) == 0 || len(pcm) > 2*48000 {
			c.T.Errorf("got %d bytes before Cleared, want about a second: %v", len(pcm), err)
		}
		c.send("Speak Eleven twelve.", "Flush")
		pcm, _ = c.until("Flushed")
		enginetest.WantWords(c.T, pcm, audio.Format{Encoding: audio.PCM16, Rate: engine.NativeRate}, "Eleven twelve.")
		if n := len(c.Server.Stats().Cancels); n != 1 {
			c.T.Errorf("noted %d cancels, want 1", n)
		}
	})
}
