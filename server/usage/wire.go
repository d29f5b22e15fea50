package usage

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/server/answer"
)

// usageReport is sums as clients get them.
type usageReport struct {
	// From and To are half-open, and what is answered for: whole hours where the sums are no finer.
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Complete bool      `json:"complete"`
	// MissingSince is given where Complete is false: no record is missing that was admitted before.
	MissingSince *time.Time       `json:"missing_since,omitempty"`
	Groups       []map[string]any `json:"groups"` // last: they are written one by one
}

// writeReport writes sums, a group after the other.
func writeReport(w http.ResponseWriter, q billing.SumsQuery, r billing.Report) {
	head := usageReport{From: r.From, To: r.To, Complete: r.MissingSince.IsZero(), Groups: []map[string]any{}}
	if !head.Complete {
		head.MissingSince = &r.MissingSince
	}
	text, err := json.Marshal(head)
	if err != nil {
		panic(err) // no time comes so far that can't be written
	}
	w.Header().Set("Content-Type", "application/json")
	const ending = "]}"
	list := jsonList{w: w}
	list.begin(strings.TrimSuffix(string(text), ending))
	for i := range r.Groups {
		if list.add(wireGroup(q, &r.Groups[i])) != nil {
			return // the client has left
		}
	}
	_ = list.end(ending + "\n") // likewise
}

// wireGroup has the sums and the dimensions that were asked for. A vendor that has no models has null.
func wireGroup(q billing.SumsQuery, g *billing.Group) map[string]any {
	group := map[string]any{
		"generations": g.Generations, // 0 in sums of attempts
		"attempts":    g.Attempts,
		"characters":  g.Characters, // asked for; of attempts, sent to vendors
		// 0 in sums of attempts.
		"spoken_characters":  g.Spoken,
		"refused_characters": g.Refused,
		"audio_ms":           g.AudioMS,
		"unpriced":           g.Unpriced,
		"estimated":          g.Estimated,
	}
	group["cost"] = answer.Costs(g.Cost)
	for _, d := range q.GroupBy {
		group[string(d)] = downstream.Optional(g.Of(d))
	}
	return group
}

// usageRecord is a record as clients get it.
type usageRecord struct {
	RecordID     string    `json:"record_id"`
	GenerationID string    `json:"generation_id"`
	Tenant       string    `json:"tenant"`
	Key          string    `json:"key"`
	SessionID    string    `json:"session_id"`
	ContextID    *string   `json:"context_id"` // null: none was given
	Route        string    `json:"route"`
	AdmittedAt   time.Time `json:"admitted_at"`
	EndedAt      time.Time `json:"ended_at"`
	// Characters and AudioMS are the client's: its text, and the audio sent to it.
	Characters int64 `json:"characters"`
	// Bytes are of its text, as UTF-8.
	Bytes int64 `json:"bytes"`
	// SpokenCharacters are those of its characters that the audio reached.
	SpokenCharacters int64  `json:"spoken_characters"`
	AudioMS          int64  `json:"audio_ms"`
	Outcome          string `json:"outcome"`
	// Code is the error's where the outcome is failed, else null.
	Code *string `json:"code"`
	// PriceList names the prices that were in force; null: there were none.
	PriceList *string           `json:"price_list"`
	Cost      []protocol.Cost   `json:"cost"`
	Attempts  []recordAttempt   `json:"attempts"`
	Metadata  map[string]string `json:"metadata"`
}

// RecordJSON is a record as GET /v1/usage/records has it.
func RecordJSON(r *billing.Record) ([]byte, error) { return json.Marshal(wireRecord(r)) }

func wireRecord(r *billing.Record) usageRecord {
	wire := usageRecord{
		RecordID:         r.ID,
		GenerationID:     r.GenerationID,
		Tenant:           r.Tenant,
		Key:              r.Key,
		SessionID:        r.SessionID,
		ContextID:        downstream.Optional(r.ContextID),
		Route:            r.Route,
		AdmittedAt:       r.AdmittedAt.UTC(),
		EndedAt:          r.EndedAt.UTC(),
		Characters:       r.Characters,
		Bytes:            r.Bytes,
		PriceList:        downstream.Optional(r.PriceList),
		SpokenCharacters: r.Spoken,
		AudioMS:          r.Audio.Milliseconds(),
		Outcome:          string(r.Outcome),
		Code:             downstream.Optional(r.Code),
		Cost:             []protocol.Cost{},
		Attempts:         []recordAttempt{},
		Metadata:         r.Metadata,
	}
	if wire.Metadata == nil {
		wire.Metadata = map[string]string{}
	}
	for _, c := range r.Cost() {
		wire.Cost = append(wire.Cost, downstream.WireCost(c))
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		wire.Attempts = append(wire.Attempts, recordAttempt{AttemptOf(a), wireUnitPrice(a.UnitPrice), metered(a.Metered)})
	}
	return wire
}

// Attempt is an attempt with what only its record has.
type Attempt struct {
	protocol.Attempt
	Voice string `json:"voice"` // the vendor's id
	Bytes int64  `json:"bytes"` // sent to the vendor, as UTF-8
	// StartedAt and EndedAt are null where a crash left nothing of them.
	StartedAt *time.Time `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
}

// recordAttempt is an attempt of a record.
type recordAttempt struct {
	Attempt
	// UnitPrice is null where the cost is not of the price list.
	UnitPrice *unitPrice `json:"unit_price"`
	// Metered is left out where the vendor says nothing.
	Metered metered `json:"metered,omitzero"`
}

// metered is what a vendor says that it charges for, where it tells no money.
type metered struct {
	Characters   int64 `json:"characters,omitempty"`
	InputTokens  int64 `json:"input_tokens,omitempty"`
	OutputTokens int64 `json:"output_tokens,omitempty"`
}

// unitPrice is what one of a unit cost.
type unitPrice struct {
	Amount   string       `json:"amount"`
	Currency string       `json:"currency"`
	Unit     billing.Unit `json:"unit"`
	// OutputAmount is of a token of audio, where the unit is one.
	OutputAmount string `json:"output_amount,omitempty"`
}

func wireUnitPrice(p billing.UnitPrice) *unitPrice {
	if p == (billing.UnitPrice{}) {
		return nil
	}
	return &unitPrice{p.Amount, p.Currency, p.Unit, p.OutputAmount}
}

// AttemptOf is an attempt as clients get it.
func AttemptOf(a *billing.Attempt) Attempt {
	return Attempt{wireAttempt(a), a.Voice, a.Bytes, known(a.StartedAt), known(a.EndedAt)}
}

// known is a time in UTC, or nil where it is zero.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

func wireAttempt(a *billing.Attempt) protocol.Attempt {
	return protocol.Attempt{
		Provider:   a.Provider,
		Model:      downstream.Optional(a.Model),
		Outcome:    string(a.Outcome),
		Code:       a.Code,
		Message:    a.Message,
		UpstreamID: a.UpstreamID,
		Requests:   int(a.Requests),
		Characters: int(a.Characters),
		AudioMS:    a.Audio.Milliseconds(),
		Cost:       downstream.WireCost(a.Cost),
	}
}

// jsonList writes a list value by value, so that no more than one of them is held as text.
type jsonList struct {
	w     io.Writer
	count int
}

func (l *jsonList) begin(text string) { _, _ = io.WriteString(l.w, text) } // the first value says whether the client has left

func (l *jsonList) add(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if l.count > 0 {
		text = append([]byte{','}, text...)
	}
	l.count++
	_, err = l.w.Write(text)
	return err
}

func (l *jsonList) end(text string) error {
	_, err := io.WriteString(l.w, text)
	return err
}
