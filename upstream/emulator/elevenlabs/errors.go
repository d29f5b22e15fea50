package elevenlabs

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// elevenError is something that is wrong. On the socket each is a close with 1008, over HTTP a status.
type elevenError struct {
	id   string // the vendor's; of those that it has shown none of, the emulator's own
	http int    // status
	text string
}

// The errors' ids. Those of settings, formats, models and the quota are not documented.
const (
	elevenNoKey     = "authentication_required"
	elevenBadKey    = "invalid_api_key"
	elevenBadFormat = "invalid_output_format"
	elevenBadModel  = "unsupported_model"
	elevenTooMany   = "max_active_conversations"
	elevenSettings  = "voice_settings_changed"
	elevenTooLong   = "max_character_limit_exceeded"
	elevenIdle      = "input_timeout_exceeded"
	elevenQuota     = "quota_exceeded"
	elevenFull      = "too_many_concurrent_requests"
	elevenBusy      = "system_busy"
)

// elevenErrors lists them. The texts of settings, quota, idleness and contexts are the vendor's.
func elevenErrors() []*elevenError {
	return []*elevenError{
		{elevenBadKey, http.StatusUnauthorized, "The API key is not valid."},
		{elevenNoKey, http.StatusUnauthorized, "An API key is required."},
		{elevenQuota, http.StatusUnauthorized, "This request exceeds your quota limit."},
		{elevenFull, http.StatusTooManyRequests, "Too many concurrent requests."},
		{elevenBusy, http.StatusTooManyRequests, "The system is busy."},
		{elevenTooMany, http.StatusBadRequest, "Maximum simultaneous contexts per WebSocket connection exceeded (5). " +
			"Please close an existing context before opening a new one."},
		{elevenSettings, http.StatusBadRequest, "voice_settings field must be provided in the first message and then either be not provided or not change."},
		{elevenIdle, http.StatusBadRequest, "Have not received a new text input within the timeout of 20 seconds. Streaming input terminated. " +
			"Please make sure to either feed the input in the timely manner, or to send the end of input text (empty string \"\") when done."},
		{elevenTooLong, http.StatusBadRequest, "The text has too many characters."},
		{elevenBadFormat, http.StatusBadRequest, "The output format is not known."},
		{elevenBadModel, http.StatusBadRequest, "The model is not served here."},
	}
}

// elevenInvalid is an error of a value; neither id nor text is documented.
func elevenInvalid(text string) *elevenError {
	return &elevenError{"invalid_parameters", http.StatusBadRequest, text}
}

// elevenNamed is the error of an id. Whatever the vendor has shown no text of is a transient one.
func elevenNamed(id string) *elevenError {
	for _, e := range elevenErrors() {
		if e.id == id {
			return e
		}
	}
	return &elevenError{id, http.StatusInternalServerError, "We are sorry, something went wrong. You are not charged for this request."}
}

// elevenStatus is the error that an HTTP status stands for.
func elevenStatus(status int) *elevenError {
	for _, e := range elevenErrors() {
		if e.http == status && status != http.StatusBadRequest {
			return e
		}
	}
	return &elevenError{strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), status, http.StatusText(status)}
}

// respond answers a request over HTTP.
func (e *elevenError) respond(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if e.http == http.StatusTooManyRequests {
		w.Header().Set("current-concurrent-requests", "5")
		w.Header().Set("maximum-concurrent-requests", "5")
	}
	w.WriteHeader(e.http)
	_ = json.NewEncoder(w).Encode(engine.Object{"detail": engine.Object{"status": e.id, "message": e.text}}) // the client may have gone
}

// cutReason is as much of a text as a close frame has room for.
func cutReason(text string) string {
	if len(text) <= elevenMaxReason {
		return text
	}
	end := elevenMaxReason
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
