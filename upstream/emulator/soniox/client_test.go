package soniox

import (
	"fmt"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const path = "/tts-websocket"

// client is a client of the emulator.
type client struct{ *enginetest.Client }

// serve serves an emulator that has drawn quirks, as name:value.
func serve(t *testing.T, o engine.Options, quirks ...string) *enginetest.Wire {
	t.Helper()
	return enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks})
}

// dial connects to an emulator of its own.
func dial(t *testing.T, o engine.Options, quirks ...string) client {
	t.Helper()
	return client{serve(t, o, quirks...).Connect(t, path, nil)}
}

// configOf is the first message of a stream, with more fields where there are any, which begin with a comma.
func configOf(id, more string) string {
	return fmt.Sprintf(`{"stream_id":%q,"model":"tts-rt-v2","language":"en","voice":"Maya","audio_format":"pcm_s16le","sample_rate":24000%s}`, id, more)
}

func textOf(id, text string, end bool) string {
	return fmt.Sprintf(`{"stream_id":%q,"text":%q,"text_end":%t}`, id, text, end)
}

func cancelOf(id string) string { return fmt.Sprintf(`{"stream_id":%q,"cancel":true}`, id) }

// until reads up to a message of a stream with a field, and returns all of the stream's.
func (c client) until(id, field string) (all []engine.Object) {
	c.T.Helper()
	for {
		o := c.Fields()
		if o["stream_id"] != id {
			continue
		}
		all = append(all, o)
		if o[field] != nil {
			return all
		}
	}
}

// sound is the audio of messages.
func sound(t *testing.T, all []engine.Object) (raw []byte) {
	t.Helper()
	for _, o := range all {
		if o["audio"] != nil {
			raw = append(raw, enginetest.Audio(t, o["audio"])...)
		}
	}
	return raw
}

// closeCode reads until the socket is closed.
func (c client) closeCode() int {
	for {
		if err := c.NextWithin(10 * time.Minute).Err; err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}
