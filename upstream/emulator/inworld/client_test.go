package inworld

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const path = "/tts/v1/voice:streamBidirectional"

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

// createOf opens a context, with more fields where there are any, which begin with a comma.
func createOf(id, more string) string {
	return fmt.Sprintf(`{"contextId":%q,"create":{"voiceId":"Ashley","modelId":"inworld-tts-2","audioConfig":{"audioEncoding":"PCM","sampleRateHertz":24000}%s}}`, id, more)
}

// textOf has a text spoken at once.
func textOf(id, text string) string {
	return fmt.Sprintf(`{"contextId":%q,"send_text":{"text":%q,"flush_context":{}}}`, id, text)
}

func commandOf(id, name string) string { return fmt.Sprintf(`{"contextId":%q,%q:{}}`, id, name) }

// until reads up to a message of a context with a field, and returns all of the context's, flat and without what they have in common.
func (c client) until(id, field string) (all []map[string]any) {
	c.T.Helper()
	for {
		o := c.Fields()
		result, _ := o["result"].(map[string]any)
		if result == nil {
			c.T.Fatalf("got %v, want %s of %s", o, field, id)
		}
		if result["contextId"] != id {
			continue
		}
		all = append(all, enginetest.Flatten(result))
		if result[field] != nil {
			return all
		}
	}
}

// sound is the audio of messages.
func sound(t *testing.T, all []map[string]any) (raw []byte) {
	t.Helper()
	for _, o := range all {
		if content, _ := o["audioChunk.audioContent"].(string); content != "" {
			raw = append(raw, enginetest.Audio(t, content)...)
		}
	}
	return raw
}
