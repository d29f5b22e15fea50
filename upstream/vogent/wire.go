package vogent

import (
	"bytes"
	"encoding/json"
	"fmt"

	"voicerelay/upstream/vendorsocket"
)

// input is the one message that the vendor takes: text to speak, or the order to stop. The reference lists `items` and
// `description` too, which no client sends and which are left out here.
type input struct {
	GenerationID string `json:"generationId"` // used once
	ContextID    string `json:"contextId"`    // all of a context's generations must be on one socket (Vogent reference)
	VoiceID      string `json:"voiceId"`      // in a cancel too, for a server that is strict
	Text         string `json:"text"`
	FinalText    bool   `json:"finalText"` // the generation's text is complete
	Cancel       bool   `json:"cancel"`    // stop; nothing need answer it
	// SampleRate in hertz and AddWordTimestamps count in a generation's first message.
	SampleRate        int  `json:"sampleRate,omitempty"`
	AddWordTimestamps bool `json:"addWordTimestamps,omitempty"`
}

// encode is the message's JSON, which it always has.
func (in input) encode() []byte {
	data, _ := json.Marshal(in)
	return data
}

// The types of the vendor's frames. That of word times is not known.
const (
	typeChunk    = "chunk"
	typeFinished = "finished"
	typeError    = "error"
)

// frame is any frame from the vendor but the usual chunk. There is no usage, and no sign of where an utterance begins.
type frame struct {
	Type         string          `json:"type"`
	GenerationID string          `json:"generationId"` // need not be there in an error of no generation
	Audio        *string         `json:"audio"`        // base64, in a chunk
	Error        json.RawMessage `json:"error"`        // a string of free text, in an error
}

// generationID is the id of a piece of a stream on a socket. The socket is in it because a piece that is ordered again
// on another must have another id.
func generationID(stream string, socket uint64, piece int) string {
	return fmt.Sprintf("%s.%d.%d", stream, socket, piece)
}

// parseID takes an id apart. Its stream is part of id, not a copy.
func parseID(id []byte) (stream []byte, piece int, ok bool) {
	rest, piece, ok := vendorsocket.SplitID(id)
	socket := bytes.LastIndexByte(rest, '.')
	if socket < 0 {
		return nil, 0, false
	}
	return rest[:socket], piece, ok
}
