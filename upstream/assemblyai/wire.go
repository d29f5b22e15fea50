package assemblyai

import "encoding/json"

// The types of messages to the vendor.
const (
	typeGenerate  = "Generate"
	typeFlush     = "Flush"  // concludes a request
	typeCancel    = "Cancel" // stops all requests
	typeKeepAlive = "KeepAlive"
)

// message is any message to the vendor.
type message struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"` // of a Generate
}

// encode is the message's JSON, which it always has.
func (m message) encode() []byte {
	data, _ := json.Marshal(m)
	return data
}

// The types of the vendor's frames that matter here.
const (
	typeBegin     = "Begin"
	typeAudio     = "Audio"
	typeFlushDone = "FlushDone"
	typeWords     = "WordBoundaries"
	typeCancelled = "Cancelled"
	typeError     = "Error"
)

// frame is any frame from the vendor but the usual audio.
type frame struct {
	Type string `json:"type"`

	// Of a Begin.
	ID            json.RawMessage `json:"id"` // a string
	Configuration *configuration  `json:"configuration"`

	FlushID *int64   `json:"flush_id"`          // the request's number in the session; of audio, ends and words
	Audio   *string  `json:"audio"`             // base64
	Length  *float64 `json:"audio_duration_ms"` // of a FlushDone; 0 where there was nothing to speak

	// Of WordBoundaries: milliseconds of the session's audio.
	Start float64      `json:"audio_start_ms"` // where the request's begins
	Words []spokenWord `json:"words"`

	// Of an Error.
	Code       int     `json:"error_code"` // that of the close which follows
	ErrorType  string  `json:"error_type"`
	Retryable  bool    `json:"retryable"`
	RetryAfter float64 `json:"retry_after_seconds"`
}

// configuration is what the session has in effect.
type configuration struct {
	WordBoundaries *bool   `json:"word_boundaries"`
	Life           float64 `json:"session_ttl_sec"`
}

// spokenWord is a token of the request's text, with the space around it left out, and its times.
type spokenWord struct {
	Word       string   `json:"word"`
	Start      float64  `json:"start"`
	End        float64  `json:"end"`
	Confidence *float64 `json:"confidence"` // 0 to 1
}
