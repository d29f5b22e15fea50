package deepgram

import "encoding/json"

// The types of messages to the vendor.
const (
	typeSpeak = "Speak"
	typeFlush = "Flush"
	typeClear = "Clear"
)

// message is any message to the vendor.
type message struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"` // of a Speak
}

// encode is the message's JSON, which it always has.
func (m message) encode() []byte {
	data, _ := json.Marshal(m)
	return data
}

// requestIDHeader names the connection in the answer to a handshake, also where that is refused (Deepgram documentation,
// errors).
const requestIDHeader = "dg-request-id"

// The types of the vendor's text frames that matter here.
const (
	typeMetadata = "Metadata" // comes first, and names the connection
	typeFlushed  = "Flushed"
	typeCleared  = "Cleared"
	typeWarning  = "Warning"
	typeError    = "Error"
)

// frame is any text frame from the vendor. Audio comes in binary ones.
type frame struct {
	Type        string `json:"type"`
	Code        string `json:"code"`        // of a Warning or an Error
	Description string `json:"description"` // free text of a Warning
	WarnMsg     string `json:"warn_msg"`    // what some clients look for in its stead

	RequestID json.RawMessage `json:"request_id"` // a string, of a Metadata
}
