package together

import (
	"encoding/json"

	"voicerelay/audio"
)

// format is what the vendor is asked for. Its first models have no other rate, whatever they are asked for.
var format = audio.Format{Encoding: audio.PCM16, Rate: 24000}

// The types of frames, in the vendor's words. tts_session.updated is the client's, though named like an event.
const (
	typeAppend = "input_text_buffer.append"
	typeCommit = "input_text_buffer.commit"
	typeUpdate = "tts_session.updated"
	typeCancel = "context.cancel"

	typeCreated   = "session.created"
	typeDelta     = "conversation.item.audio_output.delta"
	typeDone      = "conversation.item.audio_output.done"
	typeWords     = "conversation.item.word_timestamps"
	typeFailed    = "conversation.item.tts.failed"
	typeCancelled = "context.cancelled"
	typeError     = "error"
)

// appendFrame adds text to a context's buffer, and makes the context where there is none of that id.
type appendFrame struct {
	Type      string `json:"type"`
	Text      string `json:"text"`
	ContextID string `json:"context_id"`
}

// contextFrame commits what is buffered, which orders it to be spoken, or cancels the context.
type contextFrame struct {
	Type      string `json:"type"`
	ContextID string `json:"context_id"`
}

// updateFrame changes the settings of a context.
type updateFrame struct {
	Type      string   `json:"type"`
	Session   settings `json:"session"`
	ContextID string   `json:"context_id"`
}

// settings are those that can't go into the address.
type settings struct {
	ExtraParams extraParams `json:"extra_params"`
}

type extraParams struct {
	PronunciationDict []string `json:"pronunciation_dict"` // source/replacement each
}

// encode is a frame's JSON. All frames are of types that always have one.
func encode(frame any) []byte {
	data, _ := json.Marshal(frame)
	return data
}

// frame is any frame from the vendor but the usual delta.
type frame struct {
	Type      string  `json:"type"`
	ContextID *string `json:"context_id"` // may be left out; where it is not, it is the stream's id
	ItemID    string  `json:"item_id"`    // one synthesis; unique on a socket, or in a context only

	Delta *string `json:"delta"` // base64

	Words        []string  `json:"words"` // times in seconds from the item's or the context's first sample
	StartSeconds []float64 `json:"start_seconds"`
	EndSeconds   []float64 `json:"end_seconds"`

	Error json.RawMessage `json:"error"`

	Session json.RawMessage `json:"session"` // an object with an id, of a session.created
}
