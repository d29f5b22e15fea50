package cartesia

import (
	"encoding/json"
)

// request gives a context text, which is joined with what it had before as it stands: spaces are the client's to send. The
// vendor wants all fields in every message, and none but the transcript, continue and flush may differ within a context
// (Cartesia documentation, continuations).
type request struct {
	ModelID           string            `json:"model_id"`
	Transcript        string            `json:"transcript"`
	Voice             voiceByID         `json:"voice"`
	OutputFormat      outputFormat      `json:"output_format"`
	ContextID         string            `json:"context_id"`
	Language          string            `json:"language,omitempty"` // a primary subtag
	Continue          bool              `json:"continue"`           // more text of the context is to come
	Flush             bool              `json:"flush,omitempty"`    // speak all so far, and answer with flush_done
	AddTimestamps     bool              `json:"add_timestamps"`
	GenerationConfig  *generationConfig `json:"generation_config,omitempty"`
	PronunciationDict *string           `json:"pronunciation_dict_id,omitempty"`
}

// voiceByID is one of the account's, or of the vendor's own.
type voiceByID struct {
	Mode string `json:"mode"` // id
	ID   string `json:"id"`
}

type outputFormat struct {
	Container  string `json:"container"` // raw
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sample_rate"` // hertz
}

type generationConfig struct {
	Speed   float64  `json:"speed,omitempty"`  // 0.6 to 1.5
	Volume  *float64 `json:"volume,omitempty"` // 0.5 to 2
	Emotion *string  `json:"emotion,omitempty"`
}

// cancelation stops a context. Audio that is under way may still come.
type cancelation struct {
	ContextID string `json:"context_id"`
	Cancel    bool   `json:"cancel"`
}

// encode is a message's JSON, which it always has.
func encode(message any) []byte {
	data, _ := json.Marshal(message)
	return data
}

// The types of the vendor's frames that matter here.
const (
	typeChunk      = "chunk"
	typeTimestamps = "timestamps"
	typeFlushDone  = "flush_done" // all before a flush has been spoken
	typeDone       = "done"
	typeError      = "error"
)

// frame is any frame from the vendor but the usual chunk.
type frame struct {
	Type       string          `json:"type"`
	ContextID  string          `json:"context_id"` // need not be there in an error
	Data       *string         `json:"data"`       // base64, in a chunk
	Words      *wordTimestamps `json:"word_timestamps"`
	ErrorCode  string          `json:"error_code"`
	StatusCode int             `json:"status_code"` // of HTTP; 206 while all is well
	RequestID  json.RawMessage `json:"request_id"`  // a string, of an error
}

// wordTimestamps are words, tags of the text among them, in seconds from the context's first sample.
type wordTimestamps struct {
	Words []string  `json:"words"`
	Start []float64 `json:"start"`
	End   []float64 `json:"end"`
}
