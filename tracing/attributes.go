package tracing

import (
	"cmp"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"voicerelay/billing"
	story "voicerelay/relay/trace"
)

// operation is what a text-to-speech vendor does, in OpenTelemetry's words: it has none for speech alone.
const operation = "generate_content"

// attemptName is the name of an attempt's span: the operation and the model, as OpenTelemetry has it.
func attemptName(a billing.Attempt) string {
	if a.Model == "" {
		return operation
	}
	return operation + " " + valid(a.Model)
}

// ofGeneration is all that there is to say of a generation.
func ofGeneration(s story.Story) []attribute.KeyValue {
	r := s.Record
	all := []attribute.KeyValue{
		semconv.GenAIOperationNameKey.String(operation),
		semconv.GenAIOutputTypeSpeech,
		text("voicerelay.record_id", r.ID),
		text("voicerelay.generation_id", r.GenerationID),
		text("voicerelay.session_id", r.SessionID),
		text("voicerelay.tenant", r.Tenant),
		text("voicerelay.key", r.Key), // its name
		text("voicerelay.route", r.Route),
		text("voicerelay.dialect", cmp.Or(s.Dialect, "native")),
		text("voicerelay.outcome", outcomeOf(s)),
		attribute.Int64("voicerelay.characters", r.Characters),
		attribute.Float64("voicerelay.audio_seconds", r.Audio.Seconds()),
		attribute.Int("voicerelay.attempts", len(r.Attempts)),
	}
	if r.ContextID != "" {
		all = append(all, text(semconv.GenAIConversationIDKey, r.ContextID))
	}
	if r.Code != "" {
		all = append(all, semconv.ErrorTypeKey.String(r.Code))
	}
	if i := lastHeard(s); i >= 0 {
		all = append(all, who(r.Attempts[i], s.Attempts[i])...)
	}
	return append(all, costs(r.Cost())...)
}

// outcomeOf is how a generation ended, in a word.
func outcomeOf(s story.Story) string {
	if s.Refused {
		return "refused"
	}
	return string(s.Record.Outcome)
}

// lastHeard is the attempt that the caller heard last, else the last one; negative: there was none.
func lastHeard(s story.Story) int {
	last := len(s.Attempts) - 1
	for i, a := range s.Attempts {
		if a.Heard.After(s.Attempts[last].Heard) {
			last = i
		}
	}
	return last
}

// ofAttempt is all that there is to say of an attempt.
func ofAttempt(of billing.Record, a billing.Attempt, more story.Attempt) []attribute.KeyValue {
	all := append(who(a, more),
		semconv.GenAIOperationNameKey.String(operation),
		semconv.GenAIOutputTypeSpeech,
		text("voicerelay.record_id", of.ID),
		text("voicerelay.tenant", of.Tenant),
		text("voicerelay.voice", a.Voice),
		text("voicerelay.outcome", string(a.Outcome)),
		attribute.Int64("voicerelay.characters", a.Characters),
		attribute.Float64("voicerelay.audio_seconds", a.Audio.Seconds()),
		attribute.Bool("voicerelay.hedge", more.Hedges),
	)
	if a.Code != "" {
		all = append(all, semconv.ErrorTypeKey.String(a.Code))
	}
	if a.UpstreamID != "" {
		all = append(all, text(semconv.GenAIResponseIDKey, a.UpstreamID), text("voicerelay.upstream_id", a.UpstreamID))
	}
	return append(all, costs([]billing.Cost{a.Cost})...)
}

// who names a vendor, the model, and the provider as it is configured.
func who(a billing.Attempt, more story.Attempt) []attribute.KeyValue {
	all := []attribute.KeyValue{
		text(semconv.GenAIProviderNameKey, cmp.Or(more.Adapter, a.Provider)), text("voicerelay.provider", a.Provider),
	}
	if a.Model != "" {
		all = append(all, text(semconv.GenAIRequestModelKey, a.Model))
	}
	return all
}

// costs is what was spent, if that is known, and in one currency.
func costs(all []billing.Cost) []attribute.KeyValue {
	if len(all) != 1 || !all[0].Known() {
		return nil
	}
	c := all[0]
	return []attribute.KeyValue{
		attribute.Float64("voicerelay.cost", c.Money.Units()),
		text("voicerelay.currency", c.Money.Currency),
		attribute.Bool("voicerelay.cost_estimated", c.Estimated),
	}
}

// reroute says from where to where the attempt of this number went, and why.
func reroute(s story.Story, i int) []attribute.KeyValue {
	before, after := s.Record.Attempts[i-1], s.Record.Attempts[i]
	all := []attribute.KeyValue{text("voicerelay.from", before.Provider), text("voicerelay.to", after.Provider)}
	switch {
	case s.Attempts[i].Hedges:
		return append(all, text("voicerelay.reason", "hedge"))
	case before.Code != "":
		return append(all, text("voicerelay.reason", before.Code))
	default:
		return append(all, text("voicerelay.reason", string(before.Outcome)))
	}
}

// takeover says which voice the attempt of this number replaced, why, and where it went on.
func takeover(s story.Story, i int) []attribute.KeyValue {
	a := s.Attempts[i]
	all := []attribute.KeyValue{
		text("voicerelay.to", s.Record.Attempts[i].Provider),
		text("voicerelay.reason", string(a.Reason)),
		attribute.Int("voicerelay.resume_char", a.Resume.Char),
		text("voicerelay.resume_source", string(a.Resume.Source)),
		attribute.Float64("voicerelay.at_seconds", a.At.Seconds()),
	}
	for j := i - 1; j >= 0; j-- {
		if !s.Attempts[j].Heard.IsZero() && !sameTarget(s.Record.Attempts[j], s.Record.Attempts[i]) {
			return append(all, text("voicerelay.from", s.Record.Attempts[j].Provider))
		}
	}
	return all
}

func sameTarget(a, b billing.Attempt) bool {
	return a.Provider == b.Provider && a.Model == b.Model && a.Voice == b.Voice
}
