package vogent

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// testVoice is the voice of the vendor's own example.
const testVoice = "36b87413-6d7b-421d-8745-bc0897770d1e"

// client is a client on one socket of an emulator.
type client struct {
	t      *testing.T
	ctx    context.Context
	server *engine.Server
	conn   *websocket.Conn
}

// talk connects to an emulator whose seed has drawn these quirks.
func talk(t *testing.T, o engine.Options, quirks ...string) *client {
	t.Helper()
	o.Seed = enginetest.Dialect{Vendor: Vendor, Options: o}.Seed(t, enginetest.Line{Quirks: quirks})
	server := engine.New(Vendor, o)
	base, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	conn, _, err := websocket.Dial(ctx, base+"/api/tts/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() {
		cancel()
		_ = conn.CloseNow() // the test is over
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &client{t: t, ctx: ctx, server: server, conn: conn}
}

// send sends a generation's piece, with more fields or other values where they are given.
func (c *client) send(id, text string, final bool, more engine.Object) {
	c.t.Helper()
	o := engine.Object{"generationId": id, "voiceId": testVoice, "text": text, "finalText": final, "cancel": false}
	maps.Copy(o, more)
	body, err := json.Marshal(o)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.conn.Write(c.ctx, websocket.MessageText, body); err != nil {
		c.t.Fatal(err)
	}
}

// next is the next message from the server.
func (c *client) next() engine.Object {
	c.t.Helper()
	_, data, err := c.conn.Read(c.ctx)
	if err != nil {
		c.t.Fatalf("read: %v (%s)", err, c.server.Quirks())
	}
	var o engine.Object
	if err := json.Unmarshal(data, &o); err != nil {
		c.t.Fatalf("got %q: %v", data, err)
	}
	return o
}

// until collects messages until a generation is finished or has failed.
func (c *client) until(id string) (all []engine.Object) {
	c.t.Helper()
	for {
		o := c.next()
		all = append(all, o)
		if o["generationId"] == id && (o["type"] == "finished" || o["type"] == "error") {
			return all
		}
	}
}

// wait waits for the server to have seen what is wanted.
func (c *client) wait(what string, condition func(engine.Stats) bool) {
	c.t.Helper()
	if !c.server.WaitFor(condition, 10*time.Second) {
		c.t.Fatalf("the server never saw %s: %+v", what, c.server.Stats())
	}
}

// chunks are the audio of a generation's chunks.
func chunks(t *testing.T, all []engine.Object, id string) (chunks [][]byte) {
	t.Helper()
	for _, o := range all {
		if o["type"] != "chunk" || o["generationId"] != id {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(fmt.Sprint(o["audio"]))
		if err != nil {
			t.Fatalf("audio: %v", err)
		}
		chunks = append(chunks, raw)
	}
	return chunks
}

// samples is a generation's audio.
func samples(t *testing.T, all []engine.Object, id string) (pcm []int16) {
	t.Helper()
	var raw []byte
	for _, chunk := range chunks(t, all, id) {
		raw = append(raw, chunk...)
	}
	if len(raw)%2 != 0 {
		t.Errorf("%s: %d bytes are no whole samples", id, len(raw))
	}
	for len(raw) > 1 {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(raw)))
		raw = raw[2:]
	}
	return pcm
}
