package elevenlabs

import (
	"encoding/json"

	"voicerelay/upstream/emulator/engine"
)

// dialogueWire is the wire of the Text to Dialogue sockets. Its names are in snake case.
type dialogueWire struct {
	quirks quirks
	single bool
}

// dialogueMessage is any message from a client. Unknown fields are ignored, such as the settings that these models don't have.
type dialogueMessage struct {
	ContextID *string  `json:"context_id"`
	Voices    []string `json:"voices"`
	Settings  *struct {
		Stability float64 `json:"stability"`
	} `json:"voice_settings"`
	Inputs []struct {
		Text    string `json:"text"`
		VoiceID string `json:"voice_id"`
		NewTurn bool   `json:"new_turn"`
	} `json:"inputs"`
	Flush        bool `json:"flush"`
	KeepAlive    bool `json:"keep_alive"`
	CloseContext bool `json:"close_context"`
	CloseSocket  bool `json:"close_socket"`

	Key           string `json:"xi_api_key"`
	HeaderKey     string `json:"xi-api-key"`
	Authorization string `json:"authorization"`
}

// read takes a message. Each must name its context, where there may be several, but for close_socket alone.
func (w dialogueWire) read(data []byte) (m message, err error) {
	var d dialogueMessage
	if err := json.Unmarshal(data, &d); err != nil {
		return m, err
	}
	if !w.single && d.ContextID == nil && !d.CloseSocket {
		return m, errNoContext
	}
	m = message{
		ContextID: d.ContextID, Flush: d.Flush, CloseContext: d.CloseContext, CloseSocket: d.CloseSocket, voices: d.Voices,
		Key: d.Key, HeaderKey: d.HeaderKey, Authorization: d.Authorization,
	}
	m.keepAlive = d.KeepAlive && len(d.Inputs) == 0 && len(d.Voices) == 0 && !d.Flush && !d.CloseContext
	if w.single {
		m.ContextID, m.CloseContext = nil, false
	}
	if d.Settings != nil {
		settings := usual()
		settings.Stability = d.Settings.Stability
		m.Settings = &settings
	}
	for _, in := range d.Inputs {
		m.inputs = append(m.inputs, input{text: in.Text, voice: in.VoiceID, newTurn: in.NewTurn})
	}
	return m, nil
}

// chunk leaves the alignment out where there is none. Its times count from the message's own first sample.
func (w dialogueWire) chunk(audio string, asWritten, _ engine.Object) engine.Object {
	frame := engine.Object{"audio": audio}
	if asWritten != nil {
		frame["alignment"] = engine.Object{
			"chars": asWritten["chars"], "char_start_times_ms": asWritten["charStartTimesMs"], "char_durations_ms": asWritten["charDurationsMs"],
		}
	}
	if w.quirks.falseFinal {
		frame["is_final"] = false
	}
	return frame
}

func (dialogueWire) flushed() engine.Object { return engine.Object{"is_final_audio_for_turn": true} }

func (dialogueWire) final() engine.Object { return engine.Object{"is_final": true} }

func (w dialogueWire) name(frame engine.Object, id string) {
	if !w.single {
		frame["context_id"] = id
	}
}
