package cartesia

import (
	"net/http"
	"strings"

	"voicerelay/upstream/emulator/engine"
)

// failure is an error as both kinds of versions tell it.
type failure struct {
	status               int
	code, title, message string
}

func invalid(message string) *failure {
	return &failure{status: http.StatusBadRequest, code: "invalid_request", title: "Invalid request", message: message}
}

// failureOf is the error that a fault asks for, by its code in lower case.
func failureOf(f engine.Fault) failure {
	code := strings.ToLower(f.Name)
	status, known := map[string]int{
		"concurrency_limited": http.StatusTooManyRequests,
		"rate_limited":        http.StatusTooManyRequests,
		"quota_exceeded":      http.StatusPaymentRequired,
		"unauthorized":        http.StatusUnauthorized,
		"model_not_found":     http.StatusBadRequest,
		"voice_not_found":     http.StatusNotFound,
		"invalid_request":     http.StatusBadRequest,
	}[code]
	if !known {
		status = http.StatusInternalServerError
	}
	return failure{status: status, code: code, title: "Error", message: strings.ReplaceAll(code, "_", " ")}
}

// fail sends an error of a context, or of the connection where it names none.
// From 2026-03-01 on an error is an object with title, message, error_code and request_id; before that it is one text. Whether
// the old kind has done is not documented. It matters: LiveKit's plugin for Python takes done for a good end.
func (c *connection) fail(id string, e failure) {
	o := engine.Object{"type": "error", "status_code": e.status}
	if c.version >= structuredErrors {
		o["done"] = true
		o["title"], o["message"], o["error_code"], o["request_id"] = e.title, e.message, e.code, "req_1"
	} else {
		o["error"] = e.title + ": " + e.message
	}
	if id != "" {
		o["context_id"] = id
	}
	if c.quirks.errorDone {
		o["done"] = true
	}
	c.send(o)
}
