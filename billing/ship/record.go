package ship

import (
	"encoding/json"
	"fmt"
	"time"

	"voicerelay/billing"
)

// storedRecord is a record as Redis keeps it. Fields may be added, never renamed: Redis holds the years before.
type storedRecord struct {
	RecordID     string            `json:"record_id"`
	GenerationID string            `json:"generation_id"`
	Tenant       string            `json:"tenant"`
	Key          string            `json:"key"`
	SessionID    string            `json:"session_id,omitempty"`
	ContextID    string            `json:"context_id,omitempty"`
	Route        string            `json:"route,omitempty"`
	AdmittedAt   time.Time         `json:"admitted_at"`
	EndedAt      time.Time         `json:"ended_at"`
	Characters   int64             `json:"characters"`
	Bytes        int64             `json:"bytes"`
	Spoken       int64             `json:"spoken,omitempty"` // of the characters; records of earlier versions lack it
	AudioNS      int64             `json:"audio_ns"`         // sent to the client
	Outcome      billing.Outcome   `json:"outcome"`
	Code         string            `json:"code,omitempty"`
	PriceList    string            `json:"price_list,omitempty"`
	Attempts     []storedAttempt   `json:"attempts,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

type storedAttempt struct {
	Provider   string          `json:"provider"`
	Model      string          `json:"model,omitempty"`
	Voice      string          `json:"voice,omitempty"`
	StartedAt  time.Time       `json:"started_at"`
	EndedAt    time.Time       `json:"ended_at"`
	Outcome    billing.Outcome `json:"outcome"`
	Code       string          `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	UpstreamID string          `json:"upstream_id,omitempty"`
	AudioNS    int64           `json:"audio_ns"` // received from the vendor
	Characters int64           `json:"characters"`
	Bytes      int64           `json:"bytes"`
	Requests   int64           `json:"requests"`
	UTF16Units int64           `json:"utf16_units,omitempty"`
	Chinese    int64           `json:"chinese,omitempty"` // of the characters
	Metered    storedMetered   `json:"metered,omitzero"`
	Source     billing.Source  `json:"source,omitempty"`
	Micros     int64           `json:"micros,omitempty"` // millionths of the currency
	Currency   string          `json:"currency,omitempty"`
	Estimated  bool            `json:"estimated,omitempty"`
}

// storedMetered is what the vendor says that it charges for.
type storedMetered struct {
	Characters   int64 `json:"characters,omitempty"`
	InputTokens  int64 `json:"input_tokens,omitempty"`
	OutputTokens int64 `json:"output_tokens,omitempty"`
}

// encodeRecord is deterministic, so that Verify can compare what two stores have.
func encodeRecord(r *billing.Record) (string, error) {
	stored := storedRecord{
		RecordID: r.ID, GenerationID: r.GenerationID, Tenant: r.Tenant, Key: r.Key, SessionID: r.SessionID,
		ContextID: r.ContextID, Route: r.Route, AdmittedAt: r.AdmittedAt.UTC(), EndedAt: r.EndedAt.UTC(),
		Characters: r.Characters, Bytes: r.Bytes, Spoken: r.Spoken, AudioNS: int64(r.Audio), Outcome: r.Outcome, Code: r.Code,
		PriceList: r.PriceList, Metadata: r.Metadata,
	}
	for i := range r.Attempts {
		stored.Attempts = append(stored.Attempts, storedFrom(&r.Attempts[i]))
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return "", fmt.Errorf("encode record %s: %w", r.ID, err)
	}
	return string(raw), nil
}

func storedFrom(a *billing.Attempt) storedAttempt {
	return storedAttempt{
		Provider: a.Provider, Model: a.Model, Voice: a.Voice, StartedAt: a.StartedAt.UTC(), EndedAt: a.EndedAt.UTC(),
		Outcome: a.Outcome, Code: a.Code, Message: a.Message, UpstreamID: a.UpstreamID, AudioNS: int64(a.Audio), Characters: a.Characters,
		Bytes: a.Bytes, Requests: a.Requests, UTF16Units: a.UTF16Units, Chinese: a.Chinese, Metered: storedMetered(a.Metered),
		Source: a.Cost.Source, Micros: a.Cost.Money.Micros,
		Currency: a.Cost.Money.Currency, Estimated: a.Cost.Estimated,
	}
}

// decodeRecord never quotes what it was given in an error.
func decodeRecord(raw string) (billing.Record, error) {
	var s storedRecord
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return billing.Record{}, errStored
	}
	r := billing.Record{
		ID: s.RecordID, GenerationID: s.GenerationID, Tenant: s.Tenant, Key: s.Key, SessionID: s.SessionID,
		ContextID: s.ContextID, Route: s.Route, AdmittedAt: s.AdmittedAt, EndedAt: s.EndedAt, Characters: s.Characters,
		Bytes: s.Bytes, Spoken: s.Spoken, Audio: time.Duration(s.AudioNS), Outcome: s.Outcome, Code: s.Code, PriceList: s.PriceList,
		Metadata: s.Metadata,
	}
	for i := range s.Attempts {
		r.Attempts = append(r.Attempts, s.Attempts[i].attempt())
	}
	return r, nil
}

func (s *storedAttempt) attempt() billing.Attempt {
	return billing.Attempt{
		Provider: s.Provider, Model: s.Model, Voice: s.Voice, StartedAt: s.StartedAt, EndedAt: s.EndedAt,
		Outcome: s.Outcome, Code: s.Code, Message: s.Message, UpstreamID: s.UpstreamID,
		Usage: billing.Usage{
			Audio: time.Duration(s.AudioNS), Characters: s.Characters, Bytes: s.Bytes, Requests: s.Requests,
			UTF16Units: s.UTF16Units, Chinese: s.Chinese, Metered: billing.Metered(s.Metered),
		},
		Cost: billing.Cost{
			Money: billing.Money{Micros: s.Micros, Currency: s.Currency}, Source: s.Source, Estimated: s.Estimated,
		},
	}
}
