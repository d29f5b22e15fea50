package together

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
	"voicerelay/upstream/emulator/voice"
)

const path = "/v1/audio/speech/websocket"

// speechQuery is the query under which only a commit speaks, as raw samples.
const speechQuery = "?model=hexgrad/Kokoro-82M&voice=af_heart&segment=never&response_format=pcm&sample_rate=24000"

// client is a client of the emulator.
type client struct {
	t      *testing.T
	ctx    context.Context
	server *engine.Server
	conn   *websocket.Conn
}

// drawn is options with a seed that draws quirks, as name:value.
func drawn(t *testing.T, quirks ...string) engine.Options {
	t.Helper()
	return engine.Options{Seed: enginetest.Dialect{Vendor: Vendor}.Seed(t, enginetest.Line{Quirks: quirks})}
}

// start starts an emulator that ends with the test.
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

// dial connects, without reading anything.
func dial(t *testing.T, o engine.Options, query string) *client {
	t.Helper()
	server, base := start(t, o)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, base+path+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 20)
	return &client{t: t, ctx: ctx, server: server, conn: conn}
}

// open connects and reads session.created.
func open(t *testing.T, o engine.Options, query string) *client {
	t.Helper()
	c := dial(t, o, query)
	c.until("session.created")
	return c
}

func (c *client) send(frames ...string) {
	c.t.Helper()
	for _, f := range frames {
		if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(f)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// speak appends a text to a context and commits it. An empty context is the default one.
func (c *client) speak(id, text string) {
	c.t.Helper()
	c.send(appendFrame(id, text), commitFrame(id))
}

func appendFrame(id, text string) string { return clientFrame("input_text_buffer.append", id, &text) }
func commitFrame(id string) string       { return clientFrame("input_text_buffer.commit", id, nil) }
func cancelFrame(id string) string       { return clientFrame("context.cancel", id, nil) }

func clientFrame(kind, id string, text *string) string {
	o := engine.Object{"type": kind}
	if id != "" {
		o["context_id"] = id
	}
	if text != nil {
		o["text"] = *text
	}
	body, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings always can
	}
	return string(body)
}

func (c *client) read() engine.Object {
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

// Short names of the server's messages.
const (
	created   = "session.created"
	received  = "conversation.item.input_text.received"
	delta     = "conversation.item.audio_output.delta"
	done      = "conversation.item.audio_output.done"
	wordTimes = "conversation.item.word_timestamps"
	failed    = "conversation.item.tts.failed"
	cancelled = "context.cancelled"
)

// until reads until there has been a message of each of the kinds, in that order, and returns all that came.
func (c *client) until(kinds ...string) []engine.Object {
	c.t.Helper()
	var got []engine.Object
	for len(kinds) > 0 {
		o := c.read()
		got = append(got, o)
		if o["type"] == kinds[0] {
			kinds = kinds[1:]
		}
	}
	return got
}

// fence reads until the vendor has taken all that was sent so far, and returns what came before its answer.
func (c *client) fence() []engine.Object {
	c.t.Helper()
	c.send(`{"type":"input_text_buffer.append"}`)
	got := c.until("error")
	return got[:len(got)-1]
}

// closeCode reads until the socket is closed.
func (c *client) closeCode() int {
	for {
		if _, _, err := c.conn.Read(c.ctx); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}

// of is the messages of some kinds.
func of(all []engine.Object, kinds ...string) []engine.Object {
	return slices.DeleteFunc(slices.Clone(all), func(o engine.Object) bool { return !slices.Contains(kinds, o["type"].(string)) })
}

// kindsOf is the messages' kinds, runs of the same counted once.
func kindsOf(all []engine.Object) []string {
	var kinds []string
	for _, o := range all {
		kinds = append(kinds, o["type"].(string))
	}
	return slices.Compact(kinds)
}

func codeOfFailure(o engine.Object) any {
	e, _ := o["error"].(map[string]any)
	return e["code"]
}

// bytesOf is a delta's audio.
func bytesOf(t *testing.T, o engine.Object) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(o["delta"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// soundOf is the audio of all deltas.
func soundOf(t *testing.T, all []engine.Object) []byte {
	t.Helper()
	var raw bytes.Buffer
	for _, o := range of(all, delta) {
		raw.Write(bytesOf(t, o))
	}
	return raw.Bytes()
}

// heard is the words in raw samples, of a text's words.
func heard(t *testing.T, raw []byte, rate int, text string) []string {
	t.Helper()
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	words, err := voice.Decode(pcm, rate, wordsIn(text))
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func wordsIn(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" .,!?", r) })
}

// handshake connects and returns the HTTP status, or the first message where there is a connection.
func handshake(t *testing.T, address string, header http.Header) (status int, first engine.Object) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		if response == nil {
			t.Fatal(err)
		}
		return response.StatusCode, nil
	}
	defer func() { _ = conn.CloseNow() }()
	_, data, err := conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &first); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, first
}
