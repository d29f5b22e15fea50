package zeligate

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
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

// start starts an emulator whose seed has drawn the quirks, in the test's bubble.
func start(t *testing.T, o engine.Options, quirks ...string) (*engine.Server, *enginetest.Wire) {
	t.Helper()
	o.APIKey = testKey
	w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks})
	return w.Server, w
}

// client is a connection to an emulator.
type client struct{ *enginetest.Client }

// dial connects with an output format and sends messages.
func dial(t *testing.T, w *enginetest.Wire, format string, messages ...string) client {
	t.Helper()
	c := client{w.Connect(t, "/v1/text-to-speech/zeli-voice-1/stream-input?output_format="+format, nil)}
	c.Send(messages...)
	return c
}

// heard is what came of a stream.
type heard struct {
	audio  []byte
	final  bool
	other  string // a frame that is neither
	closed websocket.StatusCode
	late   bool // nothing came any more, and the socket is open
}

// listen reads until the stream ends in any way, or nothing has come for as long as patience lasts, and leaves then.
func (c client) listen(patience time.Duration) (h heard) {
	c.T.Helper()
	for !h.final {
		r := c.NextWithin(patience)
		if h.late = errors.Is(r.Err, context.DeadlineExceeded); h.late {
			_ = c.Conn.CloseNow() // it leaves
		}
		if r.Err != nil {
			h.closed = websocket.CloseStatus(r.Err)
			return h
		}
		var f struct {
			Audio *string `json:"audio"`
			Final bool    `json:"isFinal"`
		}
		if json.Unmarshal(r.Data, &f) != nil || f.Audio == nil && !f.Final {
			h.other = string(r.Data)
			return h
		}
		if h.final = f.Final; h.final {
			return h
		}
		chunk, err := base64.StdEncoding.DecodeString(*f.Audio)
		if err != nil || len(chunk) == 0 {
			c.T.Errorf("audio %q: %v", *f.Audio, err)
		}
		h.audio = append(h.audio, chunk...)
	}
	return h
}
