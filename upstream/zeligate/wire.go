package zeligate

import (
	"encoding/json"
	"strconv"

	"voicerelay/audio"
)

// bosFrame opens the stream.
type bosFrame struct {
	Text             string            `json:"text"` // a single space
	VoiceSettings    voiceSettings     `json:"voice_settings,omitzero"`
	GenerationConfig *generationConfig `json:"generation_config,omitempty"`
	Authorization    string            `json:"authorization,omitempty"` // Bearer and the key
}

// voiceSettings are those that have an effect. What is left out is the vendor's choice.
type voiceSettings struct {
	Stability *float64 `json:"stability,omitempty"` // 0 to 1: more guidance, less temperature
	Style     *float64 `json:"style,omitempty"`     // 0 to 1: exaggeration
	Speed     float64  `json:"speed,omitempty"`     // 0.7 to 1.2; left out at 1, where nothing need be stretched
}

// generationConfig says when the vendor speaks unasked.
type generationConfig struct {
	ChunkLengthSchedule []int64 `json:"chunk_length_schedule"` // characters to gather, step by step
}

// textFrame appends text; an empty one is EOS, the end of the input.
type textFrame struct {
	Text string `json:"text"`
}

// flushFrame speaks all that is buffered. It stands alone, without a text, unlike ElevenLabs', and has no answer of its own.
type flushFrame struct {
	Flush bool `json:"flush"`
}

// space is the text of BOS, and of keep-alives: nothing to speak, and not the end.
const space = " "

// encode is a frame's JSON. All frames are of types that always have one, their numbers being finite.
func encode(frame any) []byte {
	data, _ := json.Marshal(frame)
	return data
}

// outputFormat is the vendor's name of one of its formats.
func outputFormat(f audio.Format) string {
	switch f.Encoding {
	case audio.MuLaw:
		return "ulaw_8000"
	case audio.ALaw:
		return "alaw_8000"
	default:
		return "pcm_" + strconv.Itoa(f.Rate)
	}
}

// frame is any frame from the vendor but the usual audio frame. How errors look on the socket is not documented, so
// all shapes are taken that the vendor's HTTP side and the protocol that it mirrors have.
type frame struct {
	Audio   *string `json:"audio"`   // base64, null in the last frame
	IsFinal *bool   `json:"isFinal"` // true in the last frame, null before

	Detail  json.RawMessage `json:"detail"`  // an object with status, a list of what is invalid, or a text
	Error   json.RawMessage `json:"error"`   // an identifier
	Message json.RawMessage `json:"message"` // free text
	Code    json.RawMessage `json:"code"`    // a close code, or like an HTTP status
}

// failed reports whether the frame is an error. A message is one only where it comes instead of audio or the end.
func (f *frame) failed() bool {
	if present(f.Detail) || present(f.Error) {
		return true
	}
	return f.Audio == nil && f.IsFinal == nil && (present(f.Message) || present(f.Code))
}

// present reports whether a member is there and not null.
func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
