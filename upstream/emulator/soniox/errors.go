package soniox

import (
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// failure is an error: a code, which is HTTP's, and a text.
// The codes are those that its SDK knows: 400 for a bad field, 401 key, 402 balance, 404, 408 time, 413 text, 429 limits, 500 and 503.
type failure struct {
	code    int
	message string
}

func invalid(message string) *failure { return &failure{http.StatusBadRequest, message} }

// limited is an answer to too much. The docs say that it names the tier.
func limited(message string) *failure {
	return &failure{http.StatusTooManyRequests, message + " (tier: default)"}
}

func badKey() *failure { return &failure{http.StatusUnauthorized, "Invalid API key."} }

// faultFailure is the error that a fault asks for: by its code, or by a name for one.
func faultFailure(f engine.Fault) failure {
	code := f.Code
	if code == 0 {
		code = http.StatusInternalServerError
	}
	return failure{code, http.StatusText(code)}
}
