package livekit

import (
	"encoding/json"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// Types of messages.
const (
	typeCreate     = "session.create"
	typeTranscript = "input_transcript"
	typeFlush      = "session.flush"
	typeClose      = "session.close"
)

// message is any message of a client. What is of no use here is not read: fallback, since routes are the operator's, and
// connection, since the relay has deadlines of its own.
type message struct {
	Type string `json:"type"`

	// session.create
	SampleRate downstream.Number `json:"sample_rate"` // in hertz; clients send text
	Encoding   string            `json:"encoding"`    // pcm_s16le
	Model      string            `json:"model"`
	Voice      string            `json:"voice"`
	Language   string            `json:"language"`

	// input_transcript, and session.create as its schema has it
	Transcript string `json:"transcript"`
	// GenerationConfig is for this text, over what session.create has said.
	GenerationConfig asked `json:"generation_config"`
	// Extra are options of the model.
	Extra extra `json:"extra"`
}

// asked is what clients say of the voice.
type asked struct {
	Model    string `json:"model"`
	Voice    string `json:"voice"`
	Language string `json:"language"`
}

// extra are the options of models that mean something here.
type extra struct {
	Speed         json.RawMessage `json:"speed"`          // a number, or a word that is passed over
	AddTimestamps downstream.Flag `json:"add_timestamps"` // false: the client wants no words
}

// plain is a message that says nothing but its type.
type plain struct {
	Type      string `json:"type"` // session.created, session.closed, done or keepalive
	SessionID string `json:"session_id,omitempty"`
}

// failure is an error. Clients read its message and take the turn for failed; the code is for people who read their logs.
type failure struct {
	Type      string        `json:"type"`
	SessionID string        `json:"session_id"`
	Message   string        `json:"message"`
	Code      protocol.Code `json:"code"`
	Param     string        `json:"param,omitempty"`
}

func failureOf(session string, err *protocol.Error) []byte {
	return downstream.Encode(failure{Type: "error", SessionID: session, Message: err.Message, Code: err.Code, Param: err.Param})
}

// alignment tells times of words.
type alignment struct {
	Type      string      `json:"type"`
	SessionID string      `json:"session_id"`
	Words     []timedWord `json:"words"`
}

// timedWord is a word's time in seconds from the beginning of its turn.
type timedWord struct {
	Word  string  `json:"word"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// seconds are rounded to milliseconds.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
