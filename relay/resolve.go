package relay

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"voicerelay/access"
	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/relay/providers"
	"voicerelay/relay/refusals"
	"voicerelay/relay/trace"
	"voicerelay/routing"
	"voicerelay/text"
	"voicerelay/upstream"
)

// Prepared is a request whose names are resolved: nothing but admission refuses it.
type Prepared struct {
	at time.Time // when it was asked for
	Terms
	encoder                       Encoder
	id, idempotencyKey, contextID string
	conversation                  string
	text                          string
	final                         bool
	textIdle                      time.Duration // that an open text may be without more
	language                      string
	speed                         float64
	output                        audio.Format // samples, unless WAV
	asked                         audio.Format
	kbps                          int
	wordTimestamps, normalize     bool
	options                       map[string]any // by provider
	metadata                      map[string]string
	plan                          *routing.Plan
	trace                         trace.Context
}

// Terms are what a generation is admitted on: it keeps them to its end, whatever is configured meanwhile.
type Terms struct {
	Setup *providers.Setup
	Key   *access.Key
}

// schedule is how the route has text cut into pieces.
func (r *Prepared) schedule() text.Schedule {
	return text.Schedule{Gather: r.plan.ChunkSchedule, Max: r.plan.MaxPartialLength}
}

// Request is what a client asks to have spoken. It names nothing of any client's protocol.
type Request struct {
	// ID is the client's name for the generation, for records and logs.
	ID             string
	IdempotencyKey string // empty: it has none
	// ContextID is what it is spoken in turn with; empty: it stands for itself.
	ContextID string
	// Conversation is the call that it belongs to, which stays with the voice that was heard last; empty: its context.
	Conversation string
	Text         string
	Final        bool // no more text comes
	// TextIdle is how long an open text may be without more; zero: as the key's limits say.
	TextIdle time.Duration
	// Voice and Route are names of the configuration, or raw ones; empty: the route's, and the default.
	Voice, Route string
	Language     string // BCP 47; empty: the voice's
	Speed        float64
	Output       audio.Format
	Kbps         int // of a compressed output, in kbit/s; 0: the usual one
	// WordTimestamps asks for the times of words, Normalize for numbers and the like to be spoken as words.
	WordTimestamps, Normalize bool
	Options                   map[string]json.RawMessage // by provider
	Metadata                  map[string]string
	// Trace is what the generation is part of; empty: its client's.
	Trace trace.Context
}

// Prepare looks up every name in a request. A target to stay with goes first, unless the request's conversation knows of another.
func (e *Engine) Prepare(r Request, prefer routing.Target, on *Terms) (*Prepared, *refusals.Error) {
	now := time.Now()
	prepared, refused := e.prepare(r, prefer, on, now)
	if refused != nil {
		e.onRefusal(billing.Record{
			GenerationID: r.ID, ContextID: r.ContextID, Tenant: on.Key.Tenant, Key: on.Key.Name, Route: r.Route,
			AdmittedAt: now, EndedAt: now, Characters: int64(utf8.RuneCountInString(r.Text)), Metadata: r.Metadata,
			Outcome: billing.Failed, Code: string(refused.Code),
		}, refused)
	}
	return prepared, refused
}

// NoteRefused tells whoever watches refusals of a request that a limit of its connection, or of its key's requests, refuses.
func (e *Engine) NoteRefused(p *Prepared, err *refusals.Error) {
	now := time.Now()
	e.onRefusal(billing.Record{
		GenerationID: p.id, ContextID: p.contextID, Tenant: p.Key.Tenant, Key: p.Key.Name, Route: p.plan.Route,
		AdmittedAt: p.at, EndedAt: now, Characters: int64(utf8.RuneCountInString(p.text)), Metadata: p.metadata,
		Outcome: billing.Failed, Code: string(err.Code),
	}, err)
}

func (e *Engine) prepare(r Request, prefer routing.Target, on *Terms, now time.Time) (*Prepared, *refusals.Error) {
	if most := on.Key.Limits.MaxTextCharacters; utf8.RuneCountInString(r.Text) > most {
		return nil, refusals.TextTooLong(most)
	}
	plan, err := on.plan(r, prefer)
	if err != nil {
		return nil, e.refusal(err)
	}
	if plan = on.Setup.Affordable(plan, on.Key); len(plan.Candidates) == 0 {
		return nil, refusals.Unaffordable(plan, on.Key.Currency())
	}
	options, refused := e.parseOptions(on.Setup, r.Options)
	if refused != nil {
		return nil, refused
	}
	if passedOver, all := on.Setup.AllOpen(plan); all {
		return nil, refusals.NoProvider(passedOver)
	}
	idle, refused := textIdle(r.TextIdle, on.Key.Limits)
	if refused != nil {
		return nil, refused
	}
	output := r.Output
	if output.Compressed() {
		output = output.Samples()
	}
	return &Prepared{
		at:             now,
		Terms:          *on,
		id:             r.ID,
		idempotencyKey: r.IdempotencyKey,
		contextID:      r.ContextID,
		conversation:   r.Conversation,
		text:           r.Text,
		final:          r.Final,
		textIdle:       idle,
		language:       cmp.Or(r.Language, plan.Language),
		speed:          r.Speed,
		output:         output,
		asked:          r.Output,
		kbps:           r.Kbps,
		wordTimestamps: r.WordTimestamps,
		normalize:      r.Normalize,
		options:        options,
		metadata:       r.Metadata,
		plan:           plan,
		trace:          r.Trace,
	}, nil
}

// textIdle is how long the text may be without more. A client may ask for as long as its connection may be idle, and where
// the limit is longer for that.
func textIdle(asked time.Duration, limits limits.Config) (time.Duration, *refusals.Error) {
	if asked == 0 {
		return limits.TextIdleTimeout, nil
	}
	if most := max(limits.TextIdleTimeout, limits.IdleTimeout); asked > most {
		return 0, &refusals.Error{
			Code: refusals.CodeInvalidRequest, Param: "text_idle_timeout_ms",
			Message: fmt.Sprintf("text_idle_timeout_ms must be at most %d here", most.Milliseconds()),
		}
	}
	return asked, nil
}

func (on *Terms) plan(r Request, prefer routing.Target) (*routing.Plan, error) {
	return on.Setup.Table().Plan(routing.Query{
		Route:  r.Route,
		Voice:  r.Voice,
		Allow:  on.Key.Allow,
		Prefer: prefer,
		// That a voice of the configuration is said to be of another language does not count: whoever gave it an id at a
		// provider wants to hear it.
		Unable: func(provider string) bool { return !on.Setup.Provider(provider).Capabilities().Speaks(r.Language) },
	})
}

// Check refuses a request that names what does not exist. That a voice and a route don't fit each other is no fault yet:
// another request may name another of them.
func (e *Engine) Check(r Request, on *Terms) *refusals.Error {
	if _, err := on.plan(r, routing.Target{}); err != nil && !errors.Is(err, routing.ErrNoTarget) {
		return e.refusal(err)
	}
	_, refused := e.parseOptions(on.Setup, r.Options)
	return refused
}

// parseOptions has each provider check its part of provider_options.
func (e *Engine) parseOptions(set *providers.Setup, raw map[string]json.RawMessage) (map[string]any, *refusals.Error) {
	parsed := make(map[string]any, len(raw))
	for name, options := range raw {
		param := "provider_options." + name
		p := set.Provider(name)
		if p == nil {
			return nil, &refusals.Error{Code: refusals.CodeInvalidRequest, Param: param, Message: param + " is no configured provider"}
		}
		value, err := p.ParseOptions(options)
		var bad *upstream.OptionError
		if errors.As(err, &bad) {
			if bad.Field != "" {
				param += "." + bad.Field
			}
			return nil, &refusals.Error{Code: refusals.CodeInvalidRequest, Param: param, Message: param + ": " + bad.Reason}
		}
		if err != nil {
			return nil, e.Internal(e.log, "provider options not parsed", err)
		}
		parsed[name] = value
	}
	return parsed, nil
}

// maxDialect bounds the name of a dialect.
const maxDialect = 32

// dialect is the dialect that the client speaks, as its metadata say. In the relay's own protocol these are the client's: what can't
// be a dialect's name is none.
func (r *Prepared) dialect() string {
	name := r.metadata["dialect"]
	strange := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' }
	if len(name) > maxDialect || strings.ContainsFunc(name, strange) {
		return ""
	}
	return name
}
