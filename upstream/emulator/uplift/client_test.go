package uplift

import (
	"bytes"
	"encoding/json"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// The transports of the vendor, which have the same messages.
const (
	plainTransport = "plain"
	roomTransport  = "socket.io"
)

func transports() []string { return []string{plainTransport, roomTransport} }

// drawn is options whose seed draws quirks, as name:value.
func drawn(t *testing.T, o engine.Options, quirks ...string) engine.Options {
	t.Helper()
	o.Seed = enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks}.Seed(t, enginetest.Line{})
	return o
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
	*enginetest.Client
	room bool
}

// roomPath is where Socket.IO's clients connect over a WebSocket.
const roomPath = "/socket.io/?EIO=4&transport=websocket"

// talk connects to an emulator in the test's bubble.
func talk(t *testing.T, o engine.Options, transport string) client {
	t.Helper()
	c, path := client{room: transport == roomTransport}, "/v1"+socketNamespace
	if c.room {
		path = roomPath
	}
	c.Client = enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: o}, path, nil)
	if c.room {
		c.Send("40" + socketNamespace + `,{"token":"k"}`)
	}
	if got := c.message(); got["type"] != "ready" {
		t.Fatalf("got %v, want ready", got)
	}
	return c
}

// send sends a message, as an event of its type where that is the way.
func (c client) send(o engine.Object) {
	c.T.Helper()
	body, err := json.Marshal(o)
	if c.room {
		body, err = json.Marshal([]any{o["type"], o})
	}
	if err != nil {
		c.T.Fatal(err)
	}
	if c.room {
		body = append([]byte("42"+socketNamespace+","), body...)
	}
	c.Send(string(body))
}

func (c client) speak(id, text, format string) {
	c.T.Helper()
	c.send(engine.Object{"type": "synthesize", "requestId": id, "text": text, "voiceId": defaultVoice, "outputFormat": format})
}

// read is the next message of the vendor's. It answers heartbeats.
func (c client) read() (engine.Object, error) {
	for {
		r := c.Next()
		data := r.Data
		if r.Err != nil {
			return nil, r.Err
		}
		if c.room && string(data) == enginePing {
			c.Send(enginePong)
		}
		if c.room && (data[0] == '0' || data[0] == '2' || bytes.HasPrefix(data, []byte("40"))) {
			continue // the handshake, and heartbeats
		}
		return enginetest.Fields(data)
	}
}

func (c client) message() engine.Object {
	c.T.Helper()
	got, err := c.read()
	if err != nil {
		c.T.Fatal(err)
	}
	return got
}

// heard is what came of a request.
type heard struct {
	audio []byte
	sizes []int // of its audio, in bytes
	last  engine.Object
}

// hear collects a request's messages to its end or its error. Others are dropped.
func (c client) hear(id string) heard {
	c.T.Helper()
	var h heard
	for {
		got := c.message()
		if got["requestId"] != id {
			continue
		}
		h.last = got
		switch got["type"] {
		case "audio":
			h.take(c.T, got)
		case "audio_end", "error":
			return h
		}
	}
}

func (h *heard) take(t *testing.T, frame engine.Object) {
	t.Helper()
	raw := enginetest.Audio(t, frame["audio"])
	h.audio = append(h.audio, raw...)
	h.sizes = append(h.sizes, len(raw))
}
