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
