package kugelaudio

import (
	"encoding/json"
	"strconv"
	"strings"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// requestIDHeader is in the answer to a handshake that is refused (the vendor's JavaScript SDK).
const requestIDHeader = "x-request-id"

// textFrame appends text to a context, and creates the context where there is none of that id.
type textFrame struct {
	Text          string         `json:"text"`
	ContextID     string         `json:"context_id"`
	VoiceSettings *voiceSettings `json:"voice_settings,omitempty"` // in the creating frame
	*session                     // in the creating frame, at top level
	Flush         bool           `json:"flush,omitempty"` // speak now, and answer with final
}

// voiceSettings are a context's own. The vendor drops what else stands here without a word, and misses the voice where it
// stands at top level instead (KugelAudio reference, contexts).
type voiceSettings struct {
	VoiceID      int64    `json:"voice_id"`
	CFGScale     *float64 `json:"cfg_scale,omitempty"`
	MaxNewTokens *int64   `json:"max_new_tokens,omitempty"`
}

// session is what contexts on one socket have in common.
type session struct {
	ModelID        string   `json:"model_id,omitempty"`
	OutputFormat   string   `json:"output_format"`
	WordTimestamps bool     `json:"word_timestamps"`
	Normalize      bool     `json:"normalize"`
	Language       string   `json:"language,omitempty"`
	Speed          float64  `json:"speed"`
	Temperature    *float64 `json:"temperature,omitempty"`
	SpeakerPrefix  *bool    `json:"speaker_prefix,omitempty"`
	ProjectID      *int64   `json:"project_id,omitempty"`
	DictionaryIDs  *[]int64 `json:"dictionary_ids,omitempty"`
}

// flushFrame has all that a context has spoken now, which is answered with final.
type flushFrame struct {
	Flush     bool   `json:"flush"`
	ContextID string `json:"context_id"`
}

// closeFrame closes a context: after what was ordered, or at once. Either way context_closed is the vendor's last word on it,
// and has the usage (KugelAudio reference, contexts).
type closeFrame struct {
	CloseContext bool   `json:"close_context"`
	ContextID    string `json:"context_id"`
	Immediate    bool   `json:"immediate,omitempty"`
}

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

// frame is any frame from the vendor but the usual audio frame. None says what it is: it is known by what it has.
type frame struct {
	ContextID *string `json:"context_id"`
	ChunkID   *int64  `json:"chunk_id"` // counts the sentences of a context

	Audio *string `json:"audio"` // base64
	Enc   string  `json:"enc"`
	SR    int64   `json:"sr"`

	WordTimestamps []wordTime `json:"word_timestamps"`

	GenerationStarted bool   `json:"generation_started"` // a chunk begins
	Text              string `json:"text"`               // of that chunk
	ChunkComplete     bool   `json:"chunk_complete"`     // all audio of a chunk has been sent
	Final             bool   `json:"final"`              // all that was flushed is delivered
	ContextClosed     bool   `json:"context_closed"`     // the context's end
	Usage             *usage `json:"usage"`              // with context_closed
	ContextTimeout    bool   `json:"context_timeout"`    // the end for want of text and keep-alives
	Interrupted       bool   `json:"interrupted"`        // the end by cancel; need not name its context
	SessionClosed     bool   `json:"session_closed"`     // the socket's end

	Error      *string  `json:"error"` // free text
	ErrorCode  *string  `json:"error_code"`
	Code       int      `json:"code"`        // like an HTTP status
	RetryAfter *float64 `json:"retry_after"` // seconds; undocumented, but SDKs read it

	RequestID json.RawMessage `json:"request_id"` // a string, of an error
}

// wordTime is a word in the chunk's normalised text, in milliseconds from the chunk's first sample.
type wordTime struct {
	Word    string   `json:"word"`
	StartMS float64  `json:"start_ms"`
	EndMS   float64  `json:"end_ms"`
	Score   *float64 `json:"score"`
}

// usage is what a context cost: the vendor bills seconds of audio generated, and names the charge in cents.
type usage struct {
	CostCents json.RawMessage `json:"cost_cents"` // null where the vendor could not find out
	Currency  string          `json:"currency"`   // absent then
}

// longestAmount is longer than any amount is written.
const longestAmount = 64

// charged is the charge as the vendor wrote it. One that it could not find out is not known, which is not 0.
func (u *usage) charged() upstream.Usage {
	if u == nil || len(u.CostCents) > longestAmount || len(u.Currency) > longestAmount {
		return upstream.Usage{}
	}
	var cents json.Number
	if err := json.Unmarshal(u.CostCents, &cents); err != nil || u.CostCents[0] == '"' || cents == "" || u.Currency == "" {
		return upstream.Usage{}
	}
	return upstream.Usage{Charge: upstream.Charge{
		Decimal:  cents.String(),
		Scale:    -2,
		Currency: strings.ToUpper(u.Currency),
	}}
}
