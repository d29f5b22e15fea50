package together

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const path = "/v1/audio/speech/websocket"

// speechQuery is the query under which only a commit speaks, as raw samples.
const speechQuery = "?model=hexgrad/Kokoro-82M&voice=af_heart&segment=never&response_format=pcm&sample_rate=24000"

// client is a client of the emulator.
type client struct{ *enginetest.Client }

// drawn is options with a seed that draws quirks, as name:value.
func drawn(t *testing.T, quirks ...string) engine.Options {
	t.Helper()
	return engine.Options{Seed: enginetest.Dialect{Vendor: Vendor}.Seed(t, enginetest.Line{Quirks: quirks})}
}

// dial connects, without reading anything.
func dial(t *testing.T, o engine.Options, query string) client {
	t.Helper()
	return client{enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: o}, path+query, nil)}
}

// open connects and reads session.created.
func open(t *testing.T, o engine.Options, query string) client {
	t.Helper()
	c := dial(t, o, query)
	c.until("session.created")
	return c
}

// speak appends a text to a context and commits it. An empty context is the default one.
func (c client) speak(id, text string) {
	c.T.Helper()
	c.Send(appendFrame(id, text), commitFrame(id))
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
func (c client) until(kinds ...string) []engine.Object {
	c.T.Helper()
	var got []engine.Object
	for len(kinds) > 0 {
		o := c.Fields()
		got = append(got, o)
		if o["type"] == kinds[0] {
			kinds = kinds[1:]
		}
	}
	return got
}

// closeCode reads until the socket is closed.
func (c client) closeCode() int {
	for {
		if err := c.Next().Err; err != nil {
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

// soundOf is the audio of all deltas.
func soundOf(t *testing.T, all []engine.Object) []byte {
	t.Helper()
	var raw bytes.Buffer
	for _, o := range of(all, delta) {
		raw.Write(enginetest.Audio(t, o["delta"]))
	}
	return raw.Bytes()
}
