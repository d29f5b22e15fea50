package openai

import (
	"encoding/json"
	"fmt"
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// refusal is why a request gets no speech.
type refusal struct {
	status  int
	code    string // OpenAI's, or one that a server of its shape has made up
	message string
	field   string // of the body, that is wrong; empty: it is not the body's fault
}

// invalid is a refusal of a field.
func invalid(field, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "invalid_value", message: fmt.Sprintf(format, args...), field: field}
}

// statuses are the HTTP statuses of errors that a fault can name; any other one is the server's own, 500.
// Both meanings of 429 are OpenAI's; loading is what servers say that are still reading their model.
func statuses() map[string]int {
	return map[string]int{
		"invalid_api_key": http.StatusUnauthorized, "unsupported_country_region_territory": http.StatusForbidden,
		"insufficient_quota": http.StatusTooManyRequests, "rate_limit_exceeded": http.StatusTooManyRequests,
		"billing_hard_limit_reached": http.StatusPaymentRequired,
		"model_not_found":            http.StatusNotFound, "string_above_max_length": http.StatusBadRequest,
		"loading": http.StatusServiceUnavailable, "OFFLINE": http.StatusServiceUnavailable,
	}
}

// refusalOf is the refusal that a fault asks for, by a status or by a code.
func refusalOf(f engine.Fault) refusal {
	r := refusal{status: f.Code, code: f.Name, message: "The request was refused."}
	if own, ok := statuses()[f.Name]; ok && (r.status == 0 || r.status == (engine.Fault{Kind: engine.Refuse}).WithDefaults().Code) {
		r.status = own
	}
	if r.status < http.StatusOK || r.status > 599 { // a close code, which HTTP has not
		r.status = http.StatusInternalServerError
	}
	if r.code == "" && r.status == http.StatusServiceUnavailable {
		r.code, r.message = "loading", "The model is loading."
	}
	return r
}

// refuse answers a request with an error in the shape that the seed has drawn.
// FastAPI's own check of a body answers 422 with a list, whatever its handlers' errors look like.
func (o *emulator) refuse(w http.ResponseWriter, r refusal) {
	body := engine.Object{"error": engine.Object{"message": r.message, "type": kindOf(r.status), "param": orNull(r.field), "code": orNull(r.code)}}
	switch {
	case o.quirks.errors == "envelope":
	case r.field != "":
		r.status = http.StatusUnprocessableEntity
		body = engine.Object{"detail": []engine.Object{{"type": "value_error", "loc": []string{"body", r.field}, "msg": r.message}}}
	case o.quirks.errors == "object":
		body = engine.Object{"detail": engine.Object{"error": orNull(r.code), "message": r.message, "type": kindOf(r.status)}}
	default:
		body = engine.Object{"detail": r.message}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}

// kindOf is the type of an error, which OpenAI's envelope has besides its code.
func kindOf(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "invalid_request_error"
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
