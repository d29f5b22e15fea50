package elevenlabs

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// failure is something that is wrong. On the socket each is a close with 1008, over HTTP a status.
type failure struct {
	id   string // the vendor's; of those that it has shown none of, the emulator's own
	http int    // status
	text string
}

// The errors' ids. Those of settings, formats, models and the quota are not documented.
const (
	noKey     = "authentication_required"
	badKey    = "invalid_api_key"
	badFormat = "invalid_output_format"
	badModel  = "unsupported_model"
	tooMany   = "max_active_conversations"
	settings  = "voice_settings_changed"
	tooLong   = "max_character_limit_exceeded"
	idle      = "input_timeout_exceeded"
	quota     = "quota_exceeded"
	full      = "too_many_concurrent_requests"
	busy      = "system_busy"
)

// failures lists them. The texts of settings, quota, idleness and contexts are the vendor's.
// Quota is told by 1002 on the vendor's Agents product; that it is 1008 here is an assumption.
func failures() []*failure {
	return []*failure{
		{badKey, http.StatusUnauthorized, "The API key is not valid."},
		{noKey, http.StatusUnauthorized, "An API key is required."},
		{quota, http.StatusUnauthorized, "This request exceeds your quota limit."},
		{full, http.StatusTooManyRequests, "Too many concurrent requests."},
		{busy, http.StatusTooManyRequests, "The system is busy."},
		{tooMany, http.StatusBadRequest, "Maximum simultaneous contexts per WebSocket connection exceeded (5). " +
			"Please close an existing context before opening a new one."},
		{settings, http.StatusBadRequest, "voice_settings field must be provided in the first message and then either be not provided or not change."},
		{idle, http.StatusBadRequest, "Have not received a new text input within the timeout of 20 seconds. Streaming input terminated. " +
			"Please make sure to either feed the input in the timely manner, or to send the end of input text (empty string \"\") when done."},
		{tooLong, http.StatusBadRequest, "The text has too many characters."},
		{badFormat, http.StatusBadRequest, "The output format is not known."},
		{badModel, http.StatusBadRequest, "The model is not served here."},
	}
}

// errNoContext is a message that names none, where there may be several.
var errNoContext = errors.New("no context_id")

// invalid is an error of a value; neither id nor text is documented.
func invalid(text string) *failure {
	return &failure{"invalid_parameters", http.StatusBadRequest, text}
}

// named is the error of an id. Whatever the vendor has shown no text of is a transient one.
// The transient text is the one that users have reported, with 1008 on the socket.
func named(id string) *failure {
	for _, e := range failures() {
		if e.id == id {
			return e
		}
	}
	return &failure{id, http.StatusInternalServerError, "We are sorry, something went wrong. You are not charged for this request."}
}

// status is the error that an HTTP status stands for.
func status(status int) *failure {
	for _, e := range failures() {
		if e.http == status && status != http.StatusBadRequest {
			return e
		}
	}
	return &failure{strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), status, http.StatusText(status)}
}

// respond answers a request over HTTP.
// The body is that of the HTTP API's errors. The two headers are on its 429: a client may take its concurrency from them.
func (e *failure) respond(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if e.http == http.StatusTooManyRequests {
		w.Header().Set("current-concurrent-requests", "5")
		w.Header().Set("maximum-concurrent-requests", "5")
	}
	w.WriteHeader(e.http)
	_ = json.NewEncoder(w).Encode(engine.Object{"detail": engine.Object{"status": e.id, "message": e.text}}) // the client may have gone
}

// maxReason is how many bytes a close frame has room for (RFC 6455).
const maxReason = 123

// cutReason is as much of a text as a close frame has room for.
// RFC 6455 leaves 123 bytes for it, and reports on GitHub have reasons that are cut.
func cutReason(text string) string {
	if len(text) <= maxReason {
		return text
	}
	end := maxReason
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
