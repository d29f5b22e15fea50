package server

import (
	"cmp"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/server/answer"
	"voicerelay/server/usage"
)

// failuresQuestion is what GET /v1/failures asks for. What is empty narrows nothing.
type failuresQuestion struct {
	kind                                                          failureKind
	tenant, recordID, generationID, contextID, provider, upstream string
	metadata                                                      billing.Pair
	limit                                                         int
}

func parseFailuresQuestion(rawQuery string) (*failuresQuestion, *protocol.Error) {
	values, refused := downstream.Parameters(rawQuery,
		"kind", "tenant", "record_id", "generation_id", "context_id", "provider", "upstream_id", "metadata", "limit")
	if refused != nil {
		return nil, refused
	}
	asked := &failuresQuestion{
		kind: failureKind(values.Get("kind")), tenant: values.Get("tenant"), recordID: values.Get("record_id"),
		generationID: values.Get("generation_id"), contextID: values.Get("context_id"), provider: values.Get("provider"),
		upstream: values.Get("upstream_id"), limit: mostFailures,
	}
	switch asked.kind {
	case "", generationRefused, generationFailed, generationRerouted:
	default:
		return nil, downstream.Invalid("kind", "kind must be refused, failed or rerouted")
	}
	if asked.metadata, refused = usage.ParseMetadata(values); refused != nil {
		return nil, refused
	}
	if values.Has("limit") {
		if asked.limit, refused = usage.ParseLimit(values); refused != nil {
			return nil, refused
		}
	}
	return asked, nil
}

// wants reports whether a question is about a failure.
func (q *failuresQuestion) wants(one *failure) bool {
	r := &one.record
	for _, c := range []struct{ asked, has string }{
		{string(q.kind), string(one.kind)},
		{q.tenant, r.Tenant},
		{q.recordID, r.ID},
		{q.generationID, r.GenerationID},
		{q.contextID, r.ContextID},
	} {
		if c.asked != "" && c.asked != c.has {
			return false
		}
	}
	return q.metadata.In(r.Metadata) && q.wantsAttempts(r.Attempts)
}

// wantsAttempts reports whether one of the attempts has both that are asked for.
func (q *failuresQuestion) wantsAttempts(attempts []billing.Attempt) bool {
	if q.provider == "" && q.upstream == "" {
		return true
	}
	for i := range attempts {
		a := &attempts[i]
		if cmp.Or(q.provider, a.Provider) == a.Provider && cmp.Or(q.upstream, a.UpstreamID) == a.UpstreamID {
			return true
		}
	}
	return false
}

// listFailures answers GET /v1/failures: of the key's tenant, or of all for an admin's.
func (srv *Server) listFailures(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked, refused := parseFailuresQuestion(r.URL.RawQuery)
	if refused == nil {
		asked.tenant, refused = usage.TenantFor(key, asked.tenant)
	}
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	found, since := srv.failures.latest(asked.limit, asked.wants)
	entries := make([]failureEntry, len(found))
	for i := range found {
		entries[i] = found[i].entry()
	}
	answer.JSON(w, http.StatusOK, map[string]any{"since": since.UTC(), "failures": entries})
}

// failureEntry is a failure as clients get it.
type failureEntry struct {
	Kind failureKind `json:"kind"`
	// RecordID is null where it was refused: there is no record.
	RecordID     *string `json:"record_id"`
	GenerationID string  `json:"generation_id"`
	Tenant       string  `json:"tenant"`
	Key          string  `json:"key"`
	SessionID    *string `json:"session_id"`
	ContextID    *string `json:"context_id"`
	Route        string  `json:"route"`
	// BeganAt is when it was asked for.
	BeganAt time.Time `json:"began_at"`
	EndedAt time.Time `json:"ended_at"`
	// Outcome is null where it was refused.
	Outcome *string `json:"outcome"`
	Code    *string `json:"code"`
	// Param and Message are of a refusal.
	Param            *string           `json:"param"`
	Message          *string           `json:"message"`
	Characters       int64             `json:"characters"`
	SpokenCharacters int64             `json:"spoken_characters"`
	AudioMS          int64             `json:"audio_ms"`
	Attempts         []usage.Attempt   `json:"attempts"`
	Metadata         map[string]string `json:"metadata"`
}

func (one *failure) entry() failureEntry {
	r := &one.record
	e := failureEntry{
		Kind: one.kind, GenerationID: r.GenerationID, Tenant: r.Tenant, Key: r.Key,
		SessionID: downstream.Optional(r.SessionID), ContextID: downstream.Optional(r.ContextID), Route: r.Route,
		BeganAt: r.AdmittedAt.UTC(), EndedAt: r.EndedAt.UTC(), Code: downstream.Optional(r.Code),
		Param: downstream.Optional(one.param), Message: downstream.Optional(one.message),
		Characters: r.Characters, SpokenCharacters: r.Spoken, AudioMS: r.Audio.Milliseconds(),
		Attempts: []usage.Attempt{}, Metadata: r.Metadata,
	}
	if one.kind != generationRefused {
		e.RecordID, e.Outcome = downstream.Optional(r.ID), downstream.Optional(string(r.Outcome))
	}
	if e.Metadata == nil {
		e.Metadata = map[string]string{}
	}
	for i := range r.Attempts {
		e.Attempts = append(e.Attempts, usage.AttemptOf(&r.Attempts[i]))
	}
	return e
}
