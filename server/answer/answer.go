// Package answer writes the answers of the relay's own endpoints.
package answer

import (
	"encoding/json"
	"net/http"
	"time"

	"voicerelay/billing"
	"voicerelay/downstream"
)

// JSON panics where v has no JSON, before anything is written: a status without its body would be taken for an answer.
func JSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	downstream.AskLater(w, status, 0)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client may have left
}

// OptionalTime is a time in JSON; nil where it is zero.
func OptionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(Time(t))
}

// Time is a time in JSON, to the millisecond.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Quantiles are in milliseconds; null where nothing was observed.
type Quantiles struct {
	P50 *int64 `json:"p50"`
	P95 *int64 `json:"p95"`
}

// Cost is an amount in a currency.
type Cost struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Costs are amounts in JSON; empty: nothing.
func Costs(cost []billing.Money) []Cost {
	costs := []Cost{}
	for _, m := range cost {
		costs = append(costs, Cost{m.Amount(), m.Currency})
	}
	return costs
}
