package cartesia

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// maxID bounds a context's id, which each message to the client repeats.
const maxID = 256 // bytes

// message is what a client says over the WebSocket. Most fields are repeated in each message; a context goes by those of its first.
type message struct {
	speech
	ContextID string          `json:"context_id"`
	Continue  downstream.Flag `json:"continue"` // false, or left out: the context's text ends with this message
	Flush     downstream.Flag `json:"flush"`    // speak what came so far, and tell when that is done
	Cancel    downstream.Flag `json:"cancel"`
	// MaxBufferDelayMS is how long text may wait for more. 0: each transcript is a phrase, to be spoken at once.
	MaxBufferDelayMS downstream.Number `json:"max_buffer_delay_ms"`
}

// speech is what to speak and how, over a WebSocket and over HTTP.
type speech struct {
	ModelID       string            `json:"model_id"`
	Transcript    string            `json:"transcript"`
	Voice         voice             `json:"voice"`
	OutputFormat  outputFormat      `json:"output_format"`
	Language      string            `json:"language"`
	Locale        string            `json:"locale"`
	AddTimestamps downstream.Flag   `json:"add_timestamps"`
	Generation    *generationConfig `json:"generation_config"`
}

// outputFormat is the audio that a client wants.
type outputFormat struct {
	Container  string            `json:"container"`
	Encoding   string            `json:"encoding"`
	SampleRate downstream.Number `json:"sample_rate"`
	BitRate    downstream.Number `json:"bit_rate"`
}

// generationConfig is how to speak.
type generationConfig struct {
	Speed   downstream.Number `json:"speed"`
	Volume  json.RawMessage   `json:"volume"`
	Emotion json.RawMessage   `json:"emotion"`
}

// voice is a voice's id: alone, or in an object that says that it is one.
type voice struct {
	ID string
	// Embedded: the voice is given by numbers, which no other vendor can speak with.
	Embedded bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *voice) UnmarshalJSON(data []byte) error {
	*v = voice{}
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &v.ID)
	}
	var object struct {
		Mode string `json:"mode"`
		ID   string `json:"id"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return &json.UnmarshalTypeError{Value: "value that is neither an id nor {mode, id}"}
	}
	v.ID, v.Embedded = object.ID, object.Mode == "embedding"
	return nil
}

// decode reads a message of a context.
func decode(data []byte) (*message, *protocol.Error) {
	m := &message{}
	if refused := decodeInto(data, m); refused != nil {
		return nil, refused
	}
	if m.ContextID == "" {
		return nil, downstream.Invalid("context_id", "context_id is missing")
	}
	return m, nil
}

// decodeInto reads a message whose fields have values that some request may have. An error names the field.
func decodeInto(data []byte, m *message) *protocol.Error {
	if refused := downstream.DecodeTolerant(data, m); refused != nil {
		return refused
	}
	for _, name := range []struct {
		field, value string
		most         int // bytes
	}{
		{"context_id", m.ContextID, maxID}, {"model_id", m.ModelID, protocol.MaxNameLength}, {"voice", m.Voice.ID, protocol.MaxNameLength},
	} {
		if len(name.value) > name.most {
			return downstream.Invalid(name.field, fmt.Sprintf("%s has more than %d bytes", name.field, name.most))
		}
	}
	if tag := m.language(); tag != "" && (len(tag) > protocol.MaxLanguageLength || !protocol.IsLanguageTag(tag)) {
		return downstream.Invalid("language", "language must be a language tag, such as en or zh-Hant-TW")
	}
	return nil
}

// language is that of the text; empty: the voice's.
func (s *speech) language() string {
	return strings.ReplaceAll(cmp.Or(s.Language, s.Locale), "_", "-")
}

// contextOf is the context that a message which can't be used names, or is likely to mean; empty: none.
func contextOf(data []byte) string {
	var named struct {
		ContextID string `json:"context_id"`
	}
	if !utf8.Valid(data) || json.Unmarshal(data, &named) != nil || len(named.ContextID) > maxID {
		return ""
	}
	return named.ContextID
}

// phrases reports whether each transcript is a phrase of its own.
func (m *message) phrases() bool { return m.MaxBufferDelayMS.Set && m.MaxBufferDelayMS.Value == 0 }

// blank reports whether a message has nothing to speak: the end of a text often comes as a space.
func (m *message) blank() bool { return strings.TrimSpace(m.Transcript) == "" }
