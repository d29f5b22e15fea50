package deepgram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

func TestDeepgramSpeaksEveryWord(t *testing.T) {
	const first, second = "Our quick brown fox jumps. Over the lazy dog", " it goes, and home again!"
	want := voice.Words(first + second)
	each(t, engine.Options{}, func(c *client) {
		for turn := range 2 {
			c.send("Speak "+first, "Speak "+second, "Flush")
			pcm, last, err := c.until("Flushed")
			if heard := enginetest.HearWords(c.t, pcm, want); !slices.Equal(heard, want) {
				c.t.Errorf("heard %q, want %q (%v)", heard, want, err)
			}
			if n, _ := last["sequence_id"].(float64); int(n)-turn != 0 && int(n)-turn != 1 {
				c.t.Errorf("turn %d: got sequence_id %v", turn, n)
			}
		}
		st := c.server.Stats()
		if len(st.Streams) != 2 || st.OpenContexts != 0 {
			c.t.Fatalf("got %d turns, %d of them open, want 2 and none", len(st.Streams), st.OpenContexts)
		}
		if got := st.Streams[0].Charge; got != int64(len(first+second))*charMicros {
			c.t.Errorf("charged %d for %d characters", got, len(first+second))
		}
	})
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

func TestDeepgramFaults(t *testing.T) {
	type end struct {
		pcm  []byte
		last engine.Object
		err  error
	}
	for fault, want := range map[string]func(got end) bool{
		"drop:100ms":         func(got end) bool { return got.err != nil && websocket.CloseStatus(got.err) == -1 },
		"close:1011:100ms":   func(got end) bool { return websocket.CloseStatus(got.err) == 1011 },
		"garbage:100ms":      func(got end) bool { return got.err == enginetest.ErrUnreadable },
		"error:NET-0000":     func(got end) bool { return got.last["code"] == "NET-0000" && len(got.pcm) == 0 },
		"error:NET-0000:1ms": func(got end) bool { return got.last["code"] == "NET-0000" && len(got.pcm) > 0 },
		"stall:100ms":        func(got end) bool { return errors.Is(got.err, context.DeadlineExceeded) && len(got.pcm) > 0 },
		"empty":              func(got end) bool { return got.last["type"] == "Flushed" && len(got.pcm) == 0 },
		"wrong_length":       func(got end) bool { return got.last["type"] == "Flushed" && len(got.pcm) == 960 },
		"odd_chunks":         func(got end) bool { return got.last["type"] == "Flushed" && len(got.pcm) > 48000 },
		"late:3s":            func(got end) bool { return got.last["type"] == "Flushed" && len(got.pcm) > 48000 },
		"slow":               func(got end) bool { return got.last["type"] == "Flushed" && len(got.pcm) > 48000 },
	} {
		t.Run(fault, func(t *testing.T) {
			f, err := engine.ParseFault(fault)
			if err != nil {
				t.Fatal(err)
			}
			each(t, engine.Options{Fault: f}, func(c *client) {
				c.send("Speak One two three four five six seven eight.", "Flush")
				var got end
				if got.pcm, got.last, got.err = c.until("Flushed"); !want(got) {
					c.t.Errorf("got %d bytes, %v and %v", len(got.pcm), got.last, got.err)
				}
			})
		})
	}
}
