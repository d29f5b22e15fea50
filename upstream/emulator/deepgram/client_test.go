package deepgram

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
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
				server, conn := enginetest.InMemory(t, Vendor, "/v1/speak?model=aura-2-thalia-en", nil, o)
				test(&client{t: t, server: server, conn: conn, all: enginetest.Receive(conn)})
			})
		})
	}
}

// send sends messages of a type each, those that begin with "Speak" with the text behind that.
func (c *client) send(kinds ...string) {
	c.t.Helper()
	for _, kind := range kinds {
		o := engine.Object{"type": kind}
		if text, ok := cutSpeak(kind); ok {
			o = engine.Object{"type": "Speak", "text": text}
		}
		data, err := json.Marshal(o)
		if err != nil {
			c.t.Fatal(err)
		}
		if err := c.conn.Write(c.t.Context(), websocket.MessageText, data); err != nil {
			c.t.Fatal(err)
		}
	}
}

func cutSpeak(kind string) (text string, ok bool) {
	const speak = "Speak "
	if len(kind) < len(speak) || kind[:len(speak)] != speak {
		return "", false
	}
	return kind[len(speak):], true
}

// until reads until a message of a kind, and gives the audio before it and the message.
func (c *client) until(kind string) (pcm []byte, last engine.Object, err error) {
	c.t.Helper()
	for {
		r := enginetest.Within(c.all)
		if r.Err != nil {
			return pcm, nil, r.Err
		}
		if r.Binary {
			pcm = append(pcm, r.Data...)
			continue
		}
		var o engine.Object
		if json.Unmarshal(r.Data, &o) != nil {
			return pcm, nil, enginetest.ErrUnreadable
		}
		if o["type"] == kind || o["type"] == "Error" {
			return pcm, o, nil
		}
	}
}

// TestDeepgramClears stops a turn in its middle, and has the next one heard whole and alone.
func TestDeepgramClears(t *testing.T) {
	each(t, engine.Options{Pace: 1}, func(c *client) {
		c.send("Speak One two three four five six seven eight nine ten.", "Flush")
		time.Sleep(time.Second)
		c.send("Clear")
		pcm, _, err := c.until("Cleared")
		if err != nil || len(pcm) == 0 || len(pcm) > 2*48000 {
			c.t.Errorf("got %d bytes before Cleared, want about a second: %v", len(pcm), err)
		}
		c.send("Speak Eleven twelve.", "Flush")
		pcm, _, _ = c.until("Flushed")
		if got, want := enginetest.HearWords(c.t, pcm, []string{"Eleven", "twelve"}), []string{"Eleven", "twelve"}; !slices.Equal(got, want) {
			c.t.Errorf("heard %q, want %q", got, want)
		}
		if n := len(c.server.Stats().Cancels); n != 1 {
			c.t.Errorf("noted %d cancels, want 1", n)
		}
	})
}
