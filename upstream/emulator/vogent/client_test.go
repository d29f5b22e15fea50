package vogent

import (
	"maps"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// testVoice is the voice of the vendor's own example.
const testVoice = "36b87413-6d7b-421d-8745-bc0897770d1e"

// client is a client on one socket of an emulator.
type client struct{ *enginetest.Client }

// talk connects to an emulator whose seed has drawn these quirks.
func talk(t *testing.T, o engine.Options, quirks ...string) client {
	t.Helper()
	return client{enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: quirks}, "/api/tts/websocket", nil)}
}

// send sends a generation's piece, with more fields or other values where they are given.
func (c client) send(id, text string, final bool, more engine.Object) {
	c.T.Helper()
	o := engine.Object{"generationId": id, "voiceId": testVoice, "text": text, "finalText": final, "cancel": false}
	maps.Copy(o, more)
	c.SendJSON(o)
}

// until collects messages until a generation is finished or has failed.
func (c client) until(id string) (all []engine.Object) {
	c.T.Helper()
	for {
		o := c.Fields()
		all = append(all, o)
		if o["generationId"] == id && (o["type"] == "finished" || o["type"] == "error") {
			return all
		}
	}
}

// chunks are the audio of a generation's chunks.
func chunks(t *testing.T, all []engine.Object, id string) (chunks [][]byte) {
	t.Helper()
	for _, o := range all {
		if o["type"] != "chunk" || o["generationId"] != id {
			continue
		}
		chunks = append(chunks, enginetest.Audio(t, o["audio"]))
	}
	return chunks
}
