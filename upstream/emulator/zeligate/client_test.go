package zeligate

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// Messages of a client.
const (
	bos      = `{"text":" ","authorization":"Bearer ` + testKey + `"}`
	sentence = `{"text":"Hello there. "}`
	eos      = `{"text":""}`
)

// start starts an emulator whose seed has drawn the quirks.
func start(t *testing.T, o engine.Options, quirks ...string) (server *engine.Server, base string) {
	t.Helper()
	o.APIKey = testKey
	server, base = enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks}.Start(t, enginetest.Scene{})
	server.SetFault(o.Fault)
	return server, base
}

// client is a connection to an emulator.
type client struct {
	t    *testing.T
	ctx  context.Context // bounds the test
	conn *websocket.Conn
}

// dial connects with an output format and sends messages.
func dial(t *testing.T, base, format string, messages ...string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, base+"/v1/text-to-speech/zeli-voice-1/stream-input?output_format="+format, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() }) // the test may have closed it
	conn.SetReadLimit(1 << 22)
	c := &client{t: t, ctx: ctx, conn: conn}
	c.say(messages...)
	return c
}

func (c *client) say(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(m)); err != nil {
			c.t.Fatalf("send: %v", err)
		}
	}
}

// heard is what came of a stream.
type heard struct {
	audio   []byte
	lengths []int         // of the frames of audio
	first   time.Duration // until the first of them
	final   bool
	other   string // a frame that is neither
	closed  websocket.StatusCode
	late    bool // nothing came any more, and the socket is open
}

// listen reads until the stream ends in any way, or nothing has come for as long as patience lasts, and leaves then.
func (c *client) listen(patience time.Duration) (h heard) {
	c.t.Helper()
	began := time.Now()
	for !h.final {
		ctx, cancel := context.WithTimeout(c.ctx, patience)
		_, data, err := c.conn.Read(ctx)
		h.late = ctx.Err() != nil
		cancel()
		if err != nil {
			h.closed = websocket.CloseStatus(err)
			return h
		}
		var f struct {
			Audio *string `json:"audio"`
			Final bool    `json:"isFinal"`
		}
		if json.Unmarshal(data, &f) != nil || f.Audio == nil && !f.Final {
			h.other = string(data)
			return h
		}
		if h.final = f.Final; h.final {
			return h
		}
		chunk, err := base64.StdEncoding.DecodeString(*f.Audio)
		if err != nil || len(chunk) == 0 {
			c.t.Errorf("audio %q: %v", *f.Audio, err)
		}
		if len(h.audio) == 0 {
			h.first = time.Since(began)
		}
		h.audio = append(h.audio, chunk...)
		h.lengths = append(h.lengths, len(chunk))
	}
	return h
}
