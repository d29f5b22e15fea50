package client

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Request is what to speak and how. What is left at zero is as the relay has it.
type Request struct {
	// Text is the text, or its first part where it is Open.
	Text string
	// Open leaves the text open: more comes by Append or Write, up to Finish.
	Open bool
	// ID is the generation's id, used once on a connection; empty: one is made up.
	ID string
	// IdempotencyKey is used once in a tenant; empty: one is made up. By it the relay knows a text that is sent again
	// after a lost connection.
	IdempotencyKey string
	// ContextID groups the speeches of a turn: they are spoken one after the other, and canceled together.
	ContextID string
	// ConversationID names the call, which stays with the voice that was heard last, whichever relay speaks; empty: none.
	ConversationID string
	// Voice, Route and Language (BCP 47) are names of the relay's configuration; empty: its defaults.
	Voice, Route, Language string
	// Speed is 0.5 to 2; 0: the relay's, which is 1.
	Speed float64
	// TextIdle is how long an Open text may be without more before it counts as finished, in whole milliseconds; 0: the
	// relay's limit. The done then says so (protocol.EndedByTextIdle).
	TextIdle time.Duration
	// Output is the audio's format; zero: protocol.DefaultOutput, 16-bit samples at 24 kHz.
	Output protocol.Output
	// WordTimestamps asks for protocol.Timestamps among the speech's events.
	WordTimestamps bool
	// Normalize says whether numbers, dates and symbols are spoken as words; nil: they are, where the vendor can.
	Normalize *bool
	// ProviderOptions go to the provider of that name only.
	ProviderOptions map[string]json.RawMessage
	// Metadata is kept with the usage record.
	Metadata map[string]string
	// Traceparent and Tracestate are the headers of W3C Trace Context, for a relay that exports traces: its span is a child of that
	// one. Empty: of none.
	Traceparent, Tracestate string
}

// withIDs has made up what was left out. Neither can be guessed, nor met again.
func (r Request) withIDs() Request {
	if r.ID == "" {
		r.ID = "g-" + rand.Text()
	}
	if r.IdempotencyKey == "" {
		r.IdempotencyKey = "k-" + rand.Text()
	}
	return r
}

// settings are the request's, as far as they are given.
func (r Request) settings() protocol.Settings {
	s := protocol.Settings{
		Voice: given(r.Voice), Route: given(r.Route), Language: given(r.Language), Speed: given(r.Speed),
		Output: given(r.Output), WordTimestamps: given(r.WordTimestamps), ConversationID: given(r.ConversationID),
	}
	if r.Normalize != nil {
		s.Normalize = protocol.Set(*r.Normalize)
	}
	if r.ProviderOptions != nil {
		s.ProviderOptions = protocol.Set(r.ProviderOptions)
	}
	if r.Metadata != nil {
		s.Metadata = protocol.Set(r.Metadata)
	}
	return s
}

// given is a setting that is left out where it is zero.
func given[T comparable](value T) protocol.Setting[T] {
	var zero T
	if value == zero {
		return protocol.Setting[T]{}
	}
	return protocol.Set(value)
}
