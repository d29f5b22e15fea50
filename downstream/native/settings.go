package native

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/trace"
	"voicerelay/routing"
)

// resolve applies the connection's defaults to a generate, looks every name up, and says what its client gets.
func (t *talk) resolve(c *protocol.Generate, on *relay.Terms) (*relay.Prepared, relay.Encoder, *protocol.Error) {
	t.mu.Lock()
	applied, prefer := *c, routing.Target{}
	applied.Settings = c.Settings.Over(t.defaults)
	if conv := t.register.contexts[c.ContextID]; conv != nil {
		prefer = conv.heard
	}
	t.mu.Unlock()
	req, refused := t.srv.with.Engine.Prepare(requestOf(&applied), prefer, on)
	if refused != nil {
		return nil, nil, downstream.WireError(refused)
	}
	return req, t.encoder(c.GenerationID, outputOf(applied.Settings)), nil
}

// requestOf is what a generate asks for.
func requestOf(c *protocol.Generate) relay.Request {
	asked := c.Settings
	return relay.Request{
		ID:             c.GenerationID,
		IdempotencyKey: c.IdempotencyKey,
		ContextID:      c.ContextID,
		Conversation:   or(asked.ConversationID, ""),
		Text:           c.Text,
		Final:          c.Final,
		TextIdle:       time.Duration(c.TextIdleTimeoutMS.Value) * time.Millisecond,
		Voice:          asked.Voice.Value,
		Route:          asked.Route.Value,
		Language:       or(asked.Language, ""),
		Speed:          or(asked.Speed, 1),
		Output:         formatOf(outputOf(asked)),
		WordTimestamps: or(asked.WordTimestamps, false),
		Normalize:      or(asked.Normalize, true),
		Options:        asked.ProviderOptions.Value,
		Metadata:       asked.Metadata.Value,
		Trace:          trace.Context{Parent: c.Traceparent, State: c.Tracestate},
	}
}

// outputOf is the output that is asked for.
func outputOf(asked protocol.Settings) protocol.Output {
	return or(asked.Output, protocol.DefaultOutput())
}

func formatOf(o protocol.Output) audio.Format {
	return audio.Format{Encoding: audio.Encoding(o.Encoding), Rate: o.SampleRate}
}

// or is a setting's value, or the default where it has none.
func or[T any](s protocol.Setting[T], otherwise T) T {
	if s.Set && !s.Null {
		return s.Value
	}
	return otherwise
}

// wireDefaults is all settings in force, as configured answers.
func wireDefaults(d protocol.Settings) protocol.Defaults {
	return protocol.Defaults{
		Voice:           pointer(d.Voice),
		Route:           or(d.Route, routing.DefaultRouteName),
		Language:        pointer(d.Language),
		Speed:           or(d.Speed, 1),
		Output:          outputOf(d),
		WordTimestamps:  or(d.WordTimestamps, false),
		Normalize:       or(d.Normalize, true),
		ProviderOptions: or(d.ProviderOptions, map[string]json.RawMessage{}),
		Metadata:        or(d.Metadata, map[string]string{}),
		ConversationID:  pointer(d.ConversationID),
	}
}

func pointer[T any](s protocol.Setting[T]) *T {
	if s.Set && !s.Null {
		return &s.Value
	}
	return nil
}

func wireLimits(c limits.Config) protocol.Limits {
	return protocol.Limits{
		GenerationsPerMinute:     c.GenerationsPerMinute,
		CancelsPerMinute:         c.CancelsPerMinute,
		MaxConcurrentGenerations: c.MaxConcurrentGenerations,
		MaxTextCharacters:        c.MaxTextCharacters,
		MaxMessageBytes:          c.MaxMessageBytes,
		IdleTimeoutMS:            c.IdleTimeout.Milliseconds(),
		BufferMS:                 c.Buffer.Milliseconds(),
		DuplicateWindowMS:        c.DuplicateWindow.Milliseconds(),
	}
}

// formats are the encodings that this relay can give.
func (srv *host) formats() (names []string) {
	for _, e := range append(slices.Clone(audio.Encodings), srv.Codecs().Formats()...) {
		names = append(names, string(e))
	}
	return names
}

// encoder is that of a generation.
func (t *talk) encoder(id string, asked protocol.Output) relay.Encoder {
	e := encoder{id: id, asked: asked}
	if t.binary {
		return &binaryEncoder{e}
	}
	return &e
}

// leastConfigures is how many configures a minute every connection may send: one a second is more than any conversation
// changes its mind.
const leastConfigures = 60

// configuresPerMinute is as many as generates, for clients that configure before each of them.
func configuresPerMinute(l limits.Config) int { return max(leastConfigures, l.GenerationsPerMinute) }
