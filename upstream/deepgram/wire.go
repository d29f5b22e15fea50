package deepgram

import (
	"encoding/json"
	"strconv"
)

// The types of messages to the vendor.
const (
	typeSpeak = "Speak"
	typeFlush = "Flush"
	typeClear = "Clear" // of Aura

	typeInterrupt = "Interrupt" // of Flux
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

	// Of Flux.
	typeConnected         = "Connected"         // comes first, and names the connection
	typeSpeechStarted     = "SpeechStarted"     // before a text's audio, and names that
	typeSpeechMetadata    = "SpeechMetadata"    // after all audio of a text
	typeSpeechInterrupted = "SpeechInterrupted" // in its place, where that was interrupted
)

// Codes of Flux' Warnings.
const (
	noActiveSpeech   = "NO_ACTIVE_SPEECH"   // answers an Interrupt
	noAudioGenerated = "NO_AUDIO_GENERATED" // of a text
)

// frame is any text frame from the vendor. Audio comes in binary ones.
type frame struct {
	Type        string `json:"type"`
	Code        string `json:"code"`        // of a Warning or an Error
	Description string `json:"description"` // free text of a Warning
	WarnMsg     string `json:"warn_msg"`    // what some clients look for in its stead

	RequestID json.RawMessage `json:"request_id"` // a string, of a Metadata or a Connected
	SpeechID  json.RawMessage `json:"speech_id"`  // a string, of a SpeechStarted

	Billable json.RawMessage `json:"billable_character_count"` // a number, of a SpeechMetadata
	Metadata json.RawMessage `json:"metadata"`                 // an object that has the same, of a SpeechInterrupted
}

// billable is how many characters of a text are charged for, as the frame says at its end.
func (f *frame) billable() (n int64, told bool) {
	raw := f.Billable
	if f.Type == typeSpeechInterrupted {
		var of struct {
			Billable json.RawMessage `json:"billable_character_count"`
		}
		_ = json.Unmarshal(f.Metadata, &of) // stays empty where it is no object
		raw = of.Billable
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil && n >= 0 && n <= mostBillable
}

// mostBillable is more characters than any text has.
const mostBillable = 1 << 32
