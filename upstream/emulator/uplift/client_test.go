package uplift

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// The transports of the vendor, which have the same messages.
const (
	plainTransport = "plain"
	roomTransport  = "socket.io"
)

func transports() []string { return []string{plainTransport, roomTransport} }

// drawn is options under which the seed has drawn what is asked for.
func drawn(t *testing.T, o engine.Options, wanted func(quirks) bool) engine.Options {
	t.Helper()
	for range 10_000 {
		if wanted(drawQuirks(o)) {
			return o
		}
		o.Seed++
	}
	t.Fatal("no seed draws what is asked for")
	return engine.Options{}
}

// start starts an emulator and stops it with the test.
func start(t *testing.T, o engine.Options) (server *engine.Server, base string) {
	t.Helper()
	server = engine.New(Vendor, o)
	base, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, base
}

// client is a client that is let in, on either transport.
type client struct {
	t    *testing.T
	ctx  context.Context
	conn *websocket.Conn
	room bool
}

func dial(t *testing.T, base, transport string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	c := &client{t: t, ctx: ctx, room: transport == roomTransport}
	path := "/v1" + socketNamespace
	if c.room {
		path = "/socket.io/?EIO=4&transport=websocket"
	}
	conn, _, err := websocket.Dial(ctx, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	c.conn = conn
	if c.room {
		c.write("40" + socketNamespace + `,{"token":"k"}`)
	}
	if got := c.message(); got["type"] != "ready" {
		t.Fatalf("got %v, want ready", got)
	}
	return c
}

func (c *client) write(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// send sends a message, as an event of its type where that is the way.
func (c *client) send(o engine.Object) {
	c.t.Helper()
	body, err := json.Marshal(o)
	if c.room {
		body, err = json.Marshal([]any{o["type"], o})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	if c.room {
		body = append([]byte("42"+socketNamespace+","), body...)
	}
	c.write(string(body))
}

func (c *client) speak(id, text, format string) {
	c.t.Helper()
	c.send(engine.Object{"type": "synthesize", "requestId": id, "text": text, "voiceId": defaultVoice, "outputFormat": format})
}

// read is the next message of the vendor's. It answers heartbeats.
func (c *client) read() (engine.Object, error) {
	for {
		_, data, err := c.conn.Read(c.ctx)
		if err != nil {
			return nil, err
		}
		if c.room && string(data) == enginePing {
			c.write(enginePong)
		}
		if c.room && (data[0] == '0' || data[0] == '2' || bytes.HasPrefix(data, []byte("40"))) {
			continue // the handshake, and heartbeats
		}
		return enginetest.Fields(data)
	}
}

func (c *client) message() engine.Object {
	c.t.Helper()
	got, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return got
}

// heard is what came of a request.
type heard struct {
	kinds     []string // of its messages, in order
	audio     []byte
	sequence  []int // of its audio
	sizes     []int // of its audio, in bytes
	last      engine.Object
	firstWait time.Duration // until the first audio
}

// hear collects a request's messages to its end or its error. Others are dropped.
func (c *client) hear(id string) heard {
	c.t.Helper()
	var h heard
	began := time.Now()
	for {
		got := c.message()
		if got["requestId"] != id {
			continue
		}
		h.last = got
		kind, _ := got["type"].(string)
		h.kinds = append(h.kinds, kind)
		switch kind {
		case "audio":
			if h.audio == nil {
				h.firstWait = time.Since(began)
			}
			h.take(c.t, got)
		case "audio_end", "error":
			return h
		}
	}
}

func (h *heard) take(t *testing.T, frame engine.Object) {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(frame["audio"].(string))
	if err != nil {
		t.Fatal(err)
	}
	h.audio = append(h.audio, raw...)
	h.sizes = append(h.sizes, len(raw))
	h.sequence = append(h.sequence, int(frame["sequence"].(float64)))
}
