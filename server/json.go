package server

import (
	"encoding/json"
	"net/http"

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
