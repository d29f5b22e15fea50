package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// resolve applies the connection's defaults to a generate and looks every name up.
func (s *session) resolve(c *protocol.Generate, on *terms) (*request, *protocol.Error) {
	s.mu.Lock()
	applied, prefer := *c, ""
	applied.Settings = c.Settings.Over(s.defaults)
	if conv := s.register.contexts[c.ContextID]; conv != nil {
		prefer = conv.provider
	}
	s.mu.Unlock()
	return s.srv.resolve(&applied, prefer, on)
}

// resolve looks up every name in a generate that stands for itself. A provider to stay with goes first.
func (srv *Server) resolve(c *protocol.Generate, prefer string, on *terms) (*request, *protocol.Error) {
	if most := on.key.Limits.MaxTextCharacters; utf8.RuneCountInString(c.Text) > most {
		return nil, textTooLong(most)
	}
	asked := c.Settings
	plan, err := on.plan(asked, prefer)
	if err != nil {
		return nil, srv.refusal(err)
	}
	if plan = on.setup.affordable(plan, on.key); len(plan.Candidates) == 0 {
		return nil, unaffordable(plan, on.key.Budget.Currency)
	}
	options, refused := srv.parseOptions(on.setup, asked.ProviderOptions.Value)
	if refused != nil {
		return nil, refused
	}
	if passedOver, all := on.setup.allOpen(plan); all {
		return nil, noProvider(passedOver)
	}
	idle, refused := textIdle(c, on.key.Limits)
	if refused != nil {
		return nil, refused
	}
	output := or(asked.Output, protocol.DefaultOutput())
	return &request{
		terms:          *on,
		id:             c.GenerationID,
		idempotencyKey: c.IdempotencyKey,
		contextID:      c.ContextID,
		text:           c.Text,
		final:          c.Final,
		textIdle:       idle,
		language:       or(asked.Language, plan.Language),
		speed:          or(asked.Speed, 1),
		asked:          output,
		output:         audio.Format{Encoding: audio.Encoding(output.Encoding), Rate: output.SampleRate},
		wordTimestamps: or(asked.WordTimestamps, false),
		normalize:      or(asked.Normalize, true),
		options:        options,
		metadata:       asked.Metadata.Value,
		plan:           plan,
	}, nil
}

// textIdle is how long the text may be without more. A client may ask for as long as its connection may be idle, and where
// the limit is longer for that.
func textIdle(c *protocol.Generate, limits limits.Config) (time.Duration, *protocol.Error) {
	if !c.TextIdleTimeoutMS.Set {
		return limits.TextIdleTimeout, nil
	}
	asked, most := time.Duration(c.TextIdleTimeoutMS.Value)*time.Millisecond, max(limits.TextIdleTimeout, limits.IdleTimeout)
	if asked > most {
		return 0, &protocol.Error{
			Code: protocol.CodeInvalidRequest, Param: "text_idle_timeout_ms",
			Message: fmt.Sprintf("text_idle_timeout_ms must be at most %d here", most.Milliseconds()),
		}
	}
	return asked, nil
}

func (on *terms) plan(asked protocol.Settings, prefer string) (*routing.Plan, error) {
	// That a voice of the configuration is said to be of another language does not count: whoever gave it an id at a
	// provider wants to hear it.
	language := or(asked.Language, "")
	return on.setup.table.Plan(routing.Query{
		Route:  asked.Route.Value,
		Voice:  asked.Voice.Value,
		Allow:  on.key.Allow,
		Prefer: prefer,
		Unable: func(provider string) bool { return !on.setup.providers[provider].Capabilities().Speaks(language) },
	})
}

// checkDefaults refuses defaults that name what does not exist. That a voice and a route don't fit each other
// is no fault yet: a generate may name another.
func (s *session) checkDefaults(d protocol.Settings, on *terms) *protocol.Error {
	if _, err := on.plan(d, ""); err != nil && !errors.Is(err, routing.ErrNoTarget) {
		return s.srv.refusal(err)
	}
	_, refused := s.srv.parseOptions(on.setup, d.ProviderOptions.Value)
	return refused
}

// parseOptions has each provider check its part of provider_options.
func (srv *Server) parseOptions(set *setup, raw map[string]json.RawMessage) (map[string]any, *protocol.Error) {
	parsed := make(map[string]any, len(raw))
	for name, options := range raw {
		param := "provider_options." + name
		p, ok := set.providers[name]
		if !ok {
			return nil, &protocol.Error{Code: protocol.CodeInvalidRequest, Param: param, Message: param + " is no configured provider"}
		}
		value, err := p.ParseOptions(options)
		var bad *upstream.OptionError
		if errors.As(err, &bad) {
			if bad.Field != "" {
				param += "." + bad.Field
			}
			return nil, &protocol.Error{Code: protocol.CodeInvalidRequest, Param: param, Message: param + ": " + bad.Reason}
		}
		if err != nil {
			return nil, srv.internal(srv.log, "provider options not parsed", err)
		}
		parsed[name] = value
	}
	return parsed, nil
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
		Output:          or(d.Output, protocol.DefaultOutput()),
		WordTimestamps:  or(d.WordTimestamps, false),
		Normalize:       or(d.Normalize, true),
		ProviderOptions: or(d.ProviderOptions, map[string]json.RawMessage{}),
		Metadata:        or(d.Metadata, map[string]string{}),
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
func formats() []string {
	names := make([]string, len(audio.Encodings))
	for i, e := range audio.Encodings {
		names[i] = string(e)
	}
	return names
}
