package protocol

import (
	"encoding/json"
)

// Version is the protocol's version as ready names it, and Subprotocol its name in the WebSocket handshake.
const (
	Version     = "1"
	Subprotocol = "voice-relay.v1"
)

// Event is a message to the client, other than audio: one of the structs below, or an *Error.
type Event interface {
	// wire is the message's type and what encodes as its other fields.
	wire() (kind string, fields any)
}

// Ready is the first message of a connection.
type Ready struct {
	SessionID string   `json:"session_id"`
	Protocol  string   `json:"protocol"` // Encode fills in Version where it is empty
	Limits    Limits   `json:"limits"`
	Formats   []string `json:"formats"` // the encodings that this relay can give
}

// Limits is what holds for the connection.
type Limits struct {
	GenerationsPerMinute     int   `json:"generations_per_minute"`
	CancelsPerMinute         int   `json:"cancels_per_minute"`
	MaxConcurrentGenerations int   `json:"max_concurrent_generations"`
	MaxTextCharacters        int   `json:"max_text_characters"`
	MaxMessageBytes          int   `json:"max_message_bytes"`
	IdleTimeoutMS            int64 `json:"idle_timeout_ms"`
	BufferMS                 int64 `json:"buffer_ms"`           // audio of a generation that may wait for the client
	DuplicateWindowMS        int64 `json:"duplicate_window_ms"` // how long idempotency keys are remembered
}

// Configured answers a configure.
type Configured struct {
	Defaults Defaults `json:"defaults"`
}

// Defaults is all settings that hold for a generate that names none.
type Defaults struct {
	Voice           *string                    `json:"voice"` // null: the route's
	Route           string                     `json:"route"`
	Language        *string                    `json:"language"` // null: the voice's
	Speed           float64                    `json:"speed"`
	Output          Output                     `json:"output"`
	WordTimestamps  bool                       `json:"word_timestamps"`
	Normalize       bool                       `json:"normalize"`
	ProviderOptions map[string]json.RawMessage `json:"provider_options"`
	Metadata        map[string]string          `json:"metadata"`
	ConversationID  *string                    `json:"conversation_id,omitempty"` // nil: none
}

// Accepted is a generation's first message.
type Accepted struct {
	GenerationID string `json:"generation_id"`
	RecordID     string `json:"record_id"`
}

// ConversationKept says that a target was chosen because it was heard last in the conversation.
const ConversationKept = "kept"

// Started goes just before a generation's first audio.
type Started struct {
	GenerationID  string   `json:"generation_id"`
	Provider      string   `json:"provider"`
	Model         *string  `json:"model"` // null: the vendor has none
	Voice         string   `json:"voice"` // as asked
	ProviderVoice string   `json:"provider_voice"`
	Output        Output   `json:"output"`
	Ignored       []string `json:"ignored"` // options that this provider can't honor as asked
	// Conversation is ConversationKept, or empty.
	Conversation string `json:"conversation,omitempty"`
}

// Timestamps announces words whose audio has been sent whole.
type Timestamps struct {
	GenerationID string      `json:"generation_id"`
	Source       string      `json:"source"`             // provider or estimate
	ErrorMS      int64       `json:"error_ms,omitempty"` // of an estimate: how far off 95 of 100 of the times are at most
	Words        []TimedWord `json:"words"`
}

// TimedWord is a word of the client's text. Times are on the generation's clock, characters are code points
// of its whole text.
type TimedWord struct {
	Word      string   `json:"word"`
	StartMS   int64    `json:"start_ms"`
	EndMS     int64    `json:"end_ms"`
	CharStart int      `json:"char_start"`
	CharEnd   int      `json:"char_end"`
	Score     *float64 `json:"score,omitempty"`
}

// Rerouted goes just before the first audio of another provider.
type Rerouted struct {
	GenerationID  string   `json:"generation_id"`
	From          string   `json:"from"`
	To            string   `json:"to"`
	Model         *string  `json:"model"` // null: the vendor has none
	ProviderVoice string   `json:"provider_voice"`
	Reason        string   `json:"reason"`
	ResumeChar    int      `json:"resume_char"`
	ResumeMS      int64    `json:"resume_ms"`
	ResumeSource  string   `json:"resume_source"` // word_times, segment or estimate
	Ignored       []string `json:"ignored"`
}

// EndedByTextIdle says that the text counts as finished since no more came for as long as it may be idle.
const EndedByTextIdle = "text_idle"

// Done is a generation's end.
type Done struct {
	GenerationID string `json:"generation_id"`
	RecordID     string `json:"record_id"`
	Reason       string `json:"reason"`          // completed, cancelled or failed
	Error        *Error `json:"error,omitempty"` // of a failed one
	// EndedBy is EndedByTextIdle where the relay took the text for finished, since no more came; empty: the client ended it.
	EndedBy string `json:"ended_by,omitempty"`
	Spoken  Spoken `json:"spoken"`
	Usage   Usage  `json:"usage"`
	Timing  Timing `json:"timing"`
}

// SpokenEvent answers played times of a generation that had ended. Its type on the wire is spoken.
type SpokenEvent struct {
	GenerationID string `json:"generation_id"`
	Spoken       Spoken `json:"spoken"`
}

// Pong answers a ping with the same id, if any.
type Pong struct{ ID Setting[string] }

// Draining says that the relay is going away.
type Draining struct {
	GraceMS int64 `json:"grace_ms"` // how long running generations may go on
}

func (e Ready) wire() (string, any) {
	if e.Protocol == "" {
		e.Protocol = Version
	}
	e.Formats = list(e.Formats)
	return "ready", e
}

func (e Configured) wire() (string, any) {
	if e.Defaults.ProviderOptions == nil {
		e.Defaults.ProviderOptions = map[string]json.RawMessage{}
	}
	if e.Defaults.Metadata == nil {
		e.Defaults.Metadata = map[string]string{}
	}
	return "configured", e
}

func (e Started) wire() (string, any) {
	e.Ignored = list(e.Ignored)
	return "started", e
}

func (e Timestamps) wire() (string, any) {
	e.Words = list(e.Words)
	return "timestamps", e
}

func (e Rerouted) wire() (string, any) {
	e.Ignored = list(e.Ignored)
	return "rerouted", e
}

func (e Pong) wire() (string, any) {
	fields := struct {
		ID *string `json:"id,omitempty"`
	}{}
	if e.ID.Set {
		fields.ID = &e.ID.Value
	}
	return "pong", fields
}

func (e Accepted) wire() (string, any)    { return "accepted", e }
func (e Done) wire() (string, any)        { return "done", e }
func (e SpokenEvent) wire() (string, any) { return "spoken", e }
func (e Draining) wire() (string, any)    { return "draining", e }
