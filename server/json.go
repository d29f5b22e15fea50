package server

import (
	"encoding/json"
	"net/http"
	"time"

	"voicerelay/downstream"
)

// writeJSON panics where v has no JSON, before anything is written: a status without its body would be taken for an answer.
func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	downstream.AskLater(w, status, 0)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client may have left
}

// optionalTime is a time in JSON; nil where it is zero.
func optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(wireTime(t))
}

// wireTime is a time in JSON, to the millisecond.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
