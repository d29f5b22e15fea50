package openai

import "encoding/json"

// The fields of a request.
const (
	fieldModel        = "model"
	fieldInput        = "input" // the text
	fieldVoice        = "voice"
	fieldFormat       = "response_format"
	fieldSpeed        = "speed"
	fieldInstructions = "instructions"
	fieldStreamFormat = "stream_format"
)

// requestIDHeader names a request in its answer.
const requestIDHeader = "x-request-id"

// The types of events.
const (
	typeDelta = "speech.audio.delta"
	typeDone  = "speech.audio.done" // the last; it has the usage, in tokens
	typeError = "error"
)

// doneMark is what some servers end their events with, in the place of JSON.
const doneMark = "[DONE]"

// event is any event.
type event struct {
	Type  string          `json:"type"`
	Audio string          `json:"audio"` // base64, of a delta
	Delta string          `json:"delta"` // what some servers call it
	Error json.RawMessage `json:"error"` // of one that says what failed
	Usage json.RawMessage `json:"usage"` // of the last one, as usage
}

// usage is what a request is charged for, by models that are charged by the token.
type usage struct {
	Input  int64 `json:"input_tokens"`  // of the text, with the instructions
	Output int64 `json:"output_tokens"` // of the audio
}

// failure is what explains a refusal, in any of the forms that servers have. Messages are not read: they are free text.
type failure struct {
	Error  json.RawMessage `json:"error"`  // OpenAI's envelope: an object, or a text alone
	Detail json.RawMessage `json:"detail"` // FastAPI's: an object, a text, or a list of what is invalid
	named
}

// named is what says which failure it is.
type named struct {
	Code json.RawMessage `json:"code"` // an identifier, or the status once more
	Type json.RawMessage `json:"type"`
}

// detailed is named, in a detail that has the identifier in another place.
type detailed struct {
	named
	Error json.RawMessage `json:"error"`
}
