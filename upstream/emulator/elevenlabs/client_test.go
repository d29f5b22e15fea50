package elevenlabs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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
type client struct{ *enginetest.Client }

// talk connects with a query to an emulator whose seed has drawn these quirks.
func talk(t *testing.T, o engine.Options, query string, quirks ...string) client {
	t.Helper()
	o.APIKey = testKey
	address := "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input?authorization=" + testKey + query
	return client{enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks}, address, nil)}
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
func (c client) read() (f frame, err error) {
	r := c.Next()
	if r.Err != nil {
		return f, r.Err
	}
	return f, json.Unmarshal(r.Data, &f)
}

// until collects frames up to a context's last one.
func (c client) until(id string) (all []frame) {
	c.T.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.T.Fatalf("read: %v (%s)", err, c.Server.Quirks())
		}
		all = append(all, f)
		if f.Final && f.id() == id {
			return all
		}
	}
}

// toEnd collects frames up to a context's last one, an error, or what is no frame or no socket any more.
func (c client) toEnd() (all []frame, err error) {
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

// failsWith wants an error of an id, and a close with its code and as much of its text as has room.
func (c client) failsWith(id string) {
	c.T.Helper()
	all, err := c.toEnd()
	if err != nil || all[len(all)-1].Error != id || all[len(all)-1].Code != 1008 {
		c.T.Fatalf("got %+v, %v, want %s", all, err, id)
	}
	text := all[len(all)-1].Message
	for err == nil { // frames of other contexts may have been under way
		_, err = c.read()
	}
	var closed websocket.CloseError
	if code := websocket.CloseStatus(err); code != websocket.StatusPolicyViolation {
		c.T.Errorf("close: got %v, want 1008", err)
	} else if closed = asClose(err); !strings.HasPrefix(text, closed.Reason) || closed.Reason == "" {
		c.T.Errorf("reason: got %q, want the beginning of %q", closed.Reason, text)
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
