package zeligate

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// failure is something that is wrong. The reference has its HTTP shape only.
type failure struct {
	http   int    // status
	status string // the vendor's name of it, or a validation error's type
	text   string
	field  string // of a validation error
}

// respond answers a request over HTTP.
func (e *failure) respond(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.http)
	_ = json.NewEncoder(w).Encode(e.detail()) // the client may have gone
}

// detail is the HTTP envelope: an object for what is logically wrong, a list for input that is not valid.
// Both are in Zeligate's docs, Errors.
func (e *failure) detail() engine.Object {
	if e.http != http.StatusUnprocessableEntity {
		return engine.Object{"detail": engine.Object{"status": e.status, "message": e.text}}
	}
	loc := []string{"body"}
	if e.field != "" {
		loc = append(loc, e.field)
	}
	return engine.Object{"detail": []engine.Object{{"loc": loc, "msg": e.text, "type": e.status}}}
}

// flat is the error frame of the protocol that is mirrored.
// There each error has 1008, whatever its cause.
func (e *failure) flat() engine.Object {
	return engine.Object{"message": e.text, "error": e.status, "code": int(websocket.StatusPolicyViolation)}
}

// The errors that the reference lists. Their texts are not documented. Of these only model_loading is worth another try.

func noKey() *failure {
	return &failure{http: http.StatusUnauthorized, status: "missing_api_key", text: "An API key is required."}
}

func badKey() *failure {
	return &failure{http: http.StatusUnauthorized, status: "invalid_api_key", text: "The API key is not valid."}
}

func badFormat() *failure {
	return &failure{http: http.StatusBadRequest, status: "invalid_output_format", text: "The output format is not known."}
}

func noVoice() *failure {
	return &failure{http: http.StatusNotFound, status: "voice_not_found", text: "There is no such voice."}
}

// idle is borrowed from the mirrored protocol, which has an id for it.
func idle() *failure {
	return &failure{
		http: http.StatusRequestTimeout, status: "input_timeout_exceeded",
		text: "Have not received a new text input within the timeout.",
	}
}

// invalid is a validation error.
func invalid(field, kind, text string) *failure {
	return &failure{http: http.StatusUnprocessableEntity, status: kind, text: text, field: field}
}

// loading is worth another try shortly.
func loading() *failure {
	return &failure{http: http.StatusServiceUnavailable, status: "model_loading", text: "The model is loading. Try again shortly."}
}

// documented lists the errors that have a name and a status.
func documented() []*failure {
	return []*failure{noKey(), badKey(), badFormat(), noVoice(), loading(), idle()}
}

// named is the error of a name, which may be none of the reference's.
func named(name string) *failure {
	for _, e := range documented() {
		if e.status == name {
			return e
		}
	}
	return &failure{http: http.StatusInternalServerError, status: name, text: "Something went wrong."}
}

// status is the error that an HTTP status stands for. Of two keys that are no good, it is the one that was sent.
func status(status int) *failure {
	for _, e := range slices.Backward(documented()) {
		if e.http == status {
			return e
		}
	}
	return &failure{http: status, status: strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), text: http.StatusText(status)}
}
