package rime

import "encoding/json"

// utterance is a message to ws3: a text that is kept until a flush, or an operation.
type utterance struct {
	Text      string `json:"text,omitempty"`
	ContextID string `json:"contextId,omitempty"` // a tag: what comes bears the latest
	Operation string `json:"operation,omitempty"`
}

// operationFlush has all texts so far spoken.
const operationFlush = "flush"

// The types of the vendor's frames.
const (
	typeChunk      = "chunk"
	typeTimestamps = "timestamps"
	typeDone       = "done" // one a flush
	typeError      = "error"
)

// frame is any frame of ws3 but the usual chunk.
type frame struct {
	Type      string          `json:"type"`
	ContextID string          `json:"contextId"`
	Data      *string         `json:"data"` // base64, of a chunk
	Words     *wordTimestamps `json:"word_timestamps"`
	Message   json.RawMessage `json:"message"` // a string of free text, of an error
}

// wordTimestamps are words, in seconds from the first sample of what is being spoken since a flush.
type wordTimestamps struct {
	Words []string  `json:"words"`
	Start []float64 `json:"start"`
	End   []float64 `json:"end"`
}
