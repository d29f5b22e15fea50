package elevenlabs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// Messages of a client.
const (
	helloMessage = `{"text":"Hello there. ","context_id":"c","flush":true}`
	closeMessage = `{"context_id":"c","close_context":true}`
	// longSentence lasts some seconds, so that there is time to close its context.
	longSentence = "This is a long sentence that nobody will hear to its end, because the caller has something to say. "
)

// say is a message that adds a text to a context.
func say(id, text string, flush bool) string {
	return fmt.Sprintf(`{"text":%q,"context_id":%q,"flush":%t}`, text, id, flush)
}

// client is a client on one socket of an emulator.
type client struct {
	t      *testing.T
	ctx    context.Context // bounds the test
	server *engine.Server
	conn   *websocket.Conn
}

// talk connects with a query to an emulator whose seed has drawn these quirks.
func talk(t *testing.T, o engine.Options, query string, quirks ...string) *client {
	t.Helper()
	o.APIKey = testKey
	d := enginetest.Dialect{Vendor: Vendor, Options: o}
	server, base := d.Start(t, enginetest.Scene{Open: enginetest.Line{Quirks: quirks}})
	server.SetFault(o.Fault)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	address := base + "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input?authorization=" + testKey + query
	conn, _, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() }) // the test is over
	return &client{t: t, ctx: ctx, server: server, conn: conn}
}

func (c *client) send(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(m)); err != nil {
			c.t.Fatalf("send: %v", err)
		}
	}
}

// frame is any frame from the server, as Pipecat and LiveKit read it.
type frame struct {
	Audio      *string    `json:"audio"`
	Final      bool       `json:"isFinal"`
	ContextID  string     `json:"contextId"`
	Alignment  *alignment `json:"alignment"`
	Normalized *alignment `json:"normalizedAlignment"`
	Message    string     `json:"message"`
	Error      string     `json:"error"`
	Code       int        `json:"code"`
	Type       string     `json:"type"`
}

type alignment struct {
	Chars     []string `json:"chars"`
	Starts    []int64  `json:"charStartTimesMs"`
	Durations []int64  `json:"charDurationsMs"`
}

func (f frame) id() string { return f.ContextID }

// read is the next frame, or what has ended the socket.
func (c *client) read() (f frame, err error) {
	_, data, err := c.conn.Read(c.ctx)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(data, &f)
}

// until collects frames up to a context's last one.
func (c *client) until(id string) (all []frame) {
	c.t.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatalf("read: %v (%s)", err, c.server.Quirks())
		}
		all = append(all, f)
		if f.Final && f.id() == id {
			return all
		}
	}
}

// toEnd collects frames up to a context's last one, an error, or what is no frame or no socket any more.
func (c *client) toEnd() (all []frame, err error) {
	for {
		f, err := c.read()
		if err != nil {
			return all, err
		}
		all = append(all, f)
		if f.Final || f.Error != "" {
			return all, nil
		}
	}
}

// wait waits for the server to have seen what is wanted.
func (c *client) wait(what string, condition func(engine.Stats) bool) {
	c.t.Helper()
	if !c.server.WaitFor(condition, 10*time.Second) {
		c.t.Fatalf("the server never saw %s: %+v (%s)", what, c.server.Stats(), c.server.Quirks())
	}
}

// failsWith wants an error of an id, and a close with its code and as much of its text as has room.
func (c *client) failsWith(id string) {
	c.t.Helper()
	all, err := c.toEnd()
	if err != nil || all[len(all)-1].Error != id || all[len(all)-1].Code != 1008 {
		c.t.Fatalf("got %+v, %v, want %s", all, err, id)
	}
	text := all[len(all)-1].Message
	_, err = c.read()
	var closed websocket.CloseError
	if code := websocket.CloseStatus(err); code != websocket.StatusPolicyViolation {
		c.t.Errorf("close: got %v, want 1008", err)
	} else if closed = asClose(err); !strings.HasPrefix(text, closed.Reason) || closed.Reason == "" {
		c.t.Errorf("reason: got %q, want the beginning of %q", closed.Reason, text)
	}
}

// chunks is the audio of a context's frames.
func chunks(t *testing.T, all []frame, id string) (chunks [][]byte) {
	t.Helper()
	for _, f := range all {
		if f.Audio == nil || f.id() != id {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(*f.Audio)
		if err != nil || len(raw) == 0 {
			t.Fatalf("audio %q: %v", *f.Audio, err)
		}
		chunks = append(chunks, raw)
	}
	return chunks
}
