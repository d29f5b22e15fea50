package protocol

import "encoding/json"

// Command is a client's message: one of *Generate, *Append, *Flush, *Finish, *Cancel, *Played, *Configure and *Ping.
type Command interface {
	// name is the message's type, generation the id that it names, if any.
	name() string
	generation() string
}

// CommandName is the command's type on the wire.
func CommandName(c Command) string { return c.name() }

// GenerationID is the generation that the command names, or empty.
func GenerationID(c Command) string { return c.generation() }

// The types of the commands.
const (
	nameGenerate  = "generate"
	nameAppend    = "append"
	nameFlush     = "flush"
	nameFinish    = "finish"
	nameCancel    = "cancel"
	namePlayed    = "played"
	nameConfigure = "configure"
	namePing      = "ping"
)

// Settings is how a generation is to be spoken. Generate has them for itself, Configure for those that follow.
type Settings struct {
	Voice           Setting[string]                     `json:"voice,omitzero"`    // an alias or provider/voice_id, 1 to 256 characters
	Route           Setting[string]                     `json:"route,omitzero"`    // a route, provider or provider/model, 1 to 256 characters
	Language        Setting[string]                     `json:"language,omitzero"` // a BCP 47 tag by its shape
	Speed           Setting[float64]                    `json:"speed,omitzero"`    // 0.5 to 2
	Output          Setting[Output]                     `json:"output,omitzero"`
	WordTimestamps  Setting[bool]                       `json:"word_timestamps,omitzero"`
	Normalize       Setting[bool]                       `json:"normalize,omitzero"`
	ProviderOptions Setting[map[string]json.RawMessage] `json:"provider_options,omitzero"` // one JSON object for each provider's name
	Metadata        Setting[map[string]string]          `json:"metadata,omitzero"`         // at most 16 entries
	ConversationID  Setting[string]                     `json:"conversation_id,omitzero"`  // the call, which stays with one voice; an id
}

// Over is the settings of s, and those of base where s says nothing. A null of s leaves the setting unset, so
// that the relay's own holds. Objects replace each other whole.
func (s Settings) Over(base Settings) Settings {
	return Settings{
		Voice:           s.Voice.over(base.Voice),
		Route:           s.Route.over(base.Route),
		Language:        s.Language.over(base.Language),
		Speed:           s.Speed.over(base.Speed),
		Output:          s.Output.over(base.Output),
		WordTimestamps:  s.WordTimestamps.over(base.WordTimestamps),
		Normalize:       s.Normalize.over(base.Normalize),
		ProviderOptions: s.ProviderOptions.over(base.ProviderOptions),
		Metadata:        s.Metadata.over(base.Metadata),
		ConversationID:  s.ConversationID.over(base.ConversationID),
	}
}

// Generate starts a generation.
type Generate struct {
	GenerationID   string `json:"generation_id"`
	IdempotencyKey string `json:"idempotency_key,omitempty"` // empty: none
	Text           string `json:"text"`
	ContextID      string `json:"context_id,omitempty"` // empty: none
	Final          bool   `json:"final"`                // false leaves the generation open for Append
	// TextIdleTimeoutMS is how long an open text may be without more before it counts as finished.
	TextIdleTimeoutMS Setting[int64] `json:"text_idle_timeout_ms,omitzero"`
	// Traceparent and Tracestate say of which trace the generation is a part, as the headers of W3C Trace Context do; empty: of
	// that which the connection's handshake named.
	Traceparent string `json:"traceparent,omitempty"`
	Tracestate  string `json:"tracestate,omitempty"`
	Settings
}

// Append adds text to a generation.
type Append struct {
	GenerationID string `json:"generation_id"`
	Text         string `json:"text"`
	Final        bool   `json:"final,omitempty"` // no more text comes
}

// Flush asks for everything buffered to be spoken now.
type Flush struct {
	GenerationID string `json:"generation_id"`
}

// Finish says that no more text comes.
type Finish struct {
	GenerationID string `json:"generation_id"`
}

// Cancel stops generations: exactly one of GenerationID, ContextID and All is given.
type Cancel struct {
	GenerationID string `json:"generation_id,omitempty"`
	ContextID    string `json:"context_id,omitempty"`
	All          bool   `json:"all,omitempty"`
	// PlayedMS is how much of GenerationID was played; it stands with GenerationID only.
	PlayedMS Setting[int64] `json:"played_ms,omitzero"`
	// Played is the same by generation id, with ContextID or All only; nil where it was left out.
	Played map[string]int64 `json:"played,omitzero"`
}

// Played says how much of generations has been played by now, in milliseconds: the client has paused, or waits before it plays.
type Played struct {
	Played map[string]int64 `json:"played"`
}

// Configure sets the connection's defaults for later generations.
type Configure struct{ Settings }

// Ping asks for a pong.
type Ping struct {
	ID Setting[string] `json:"id,omitzero"` // at most 128 characters
}

func (*Generate) name() string  { return nameGenerate }
func (*Append) name() string    { return nameAppend }
func (*Flush) name() string     { return nameFlush }
func (*Finish) name() string    { return nameFinish }
func (*Cancel) name() string    { return nameCancel }
func (*Played) name() string    { return namePlayed }
func (*Configure) name() string { return nameConfigure }
func (*Ping) name() string      { return namePing }

func (g *Generate) generation() string { return g.GenerationID }
func (a *Append) generation() string   { return a.GenerationID }
func (f *Flush) generation() string    { return f.GenerationID }
func (f *Finish) generation() string   { return f.GenerationID }
func (c *Cancel) generation() string   { return c.GenerationID }
func (*Played) generation() string     { return "" }
func (*Configure) generation() string  { return "" }
func (*Ping) generation() string       { return "" }
