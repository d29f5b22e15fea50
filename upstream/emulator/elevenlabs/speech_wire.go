package elevenlabs

import (
	"encoding/json"

	"voicerelay/upstream/emulator/engine"
)

// speechWire is the wire of the Text to Speech sockets.
type speechWire struct{ quirks quirks }

func (speechWire) read(data []byte) (m message, err error) {
	err = json.Unmarshal(data, &m)
	if m.Text != nil {
		m.inputs = []input{{text: *m.Text}}
	}
	return m, err
}

// chunk has null where there is no alignment.
// isFinal is null or false in the schema's examples; clients must look for true alone.
func (w speechWire) chunk(audio string, asWritten, asSaid engine.Object) engine.Object {
	frame := engine.Object{"audio": audio, "isFinal": nil, "alignment": asWritten, "normalizedAlignment": asSaid}
	if w.quirks.falseFinal {
		frame["isFinal"] = false
	}
	return frame
}

func (w speechWire) flushed() engine.Object {
	if !w.quirks.flushDone {
		return nil
	}
	return engine.Object{"type": "flush_done"}
}

// final has is_final in the schema's examples, while every client reads isFinal: so that one is always there.
func (w speechWire) final() engine.Object {
	frame := engine.Object{"isFinal": true}
	if w.quirks.finalKey == "both" {
		frame["is_final"] = true
	}
	if w.quirks.nullAudio {
		frame["audio"] = nil
	}
	return frame
}

// name writes contextId, as the schema does. The service has been seen to write context_id as well, and Pipecat reads the
// former only.
func (w speechWire) name(frame engine.Object, id string) {
	frame["contextId"] = id
	if w.quirks.contextTwice {
		frame["context_id"] = id
	}
}
