package openai

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// The vendor's types of errors.
const (
	kindInvalid    = "invalid_request_error"
	kindPermission = "permission_error"
	kindQuota      = "insufficient_quota"
	kindRate       = "rate_limit_error"
	kindServer     = "server_error"
)

// meaning is what a client is told with a code of the relay's own.
type meaning struct {
	kind string
	code string // empty: the relay's own
	// final: it makes no sense to ask again, though the status says so to the vendor's clients.
	final bool
}

// meanings is the one table from codes to what clients are told. It is never written to.
var meanings = map[protocol.Code]meaning{
	protocol.CodeInvalidRequest:     {kind: kindInvalid},
	protocol.CodeUnsupportedFormat:  {kind: kindInvalid},
	protocol.CodeAuthFailed:         {kind: kindInvalid, code: "invalid_api_key"},
	protocol.CodeQuotaExceeded:      {kind: kindQuota, code: "insufficient_quota"},
	protocol.CodeOriginNotAllowed:   {kind: kindPermission},
	protocol.CodeNotAllowed:         {kind: kindPermission},
	protocol.CodeUnknownVoice:       {kind: kindInvalid, code: "voice_not_found"},
	protocol.CodeUnknownRoute:       {kind: kindInvalid, code: "model_not_found"},
	protocol.CodeDuplicateRequest:   {kind: kindInvalid, final: true},
	protocol.CodeTextTooLong:        {kind: kindInvalid, code: "string_above_max_length"},
	protocol.CodeUpstreamRejected:   {kind: kindInvalid},
	protocol.CodeRateLimitExceeded:  {kind: kindRate},
	protocol.CodeTooManyGenerations: {kind: kindRate},
	protocol.CodeTooManyConnections: {kind: kindRate},
	// Every target was tried: clients that try twice more would multiply the load of an outage by three.
	protocol.CodeUpstreamFailed:  {kind: kindServer, final: true},
	protocol.CodeUpstreamTimeout: {kind: kindServer, final: true},
}

// params are fields by the names that clients have for them.
var params = map[string]string{
	"text": "input", "route": "model", "idempotency_key": "Idempotency-Key", "output.encoding": "response_format",
}

// errorBody is what a client reads of an error.
type errorBody struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    string  `json:"code"`
	} `json:"error"`
}

// writeError is a downstream.ErrorWriter.
func writeError(w http.ResponseWriter, err *protocol.Error) {
	told, known := meanings[err.Code]
	if !known {
		told = meaning{kind: kindServer}
	}
	var answer errorBody
	answer.Error.Message, answer.Error.Type = err.Message, told.kind
	answer.Error.Code = cmp.Or(told.code, string(err.Code))
	answer.Error.Param = downstream.Optional(cmp.Or(params[err.Param], err.Param))
	h := w.Header()
	if record := h.Get("Record-Id"); record != "" {
		h.Set("X-Request-Id", record)
	}
	if told.final {
		h.Set("X-Should-Retry", "false")
	}
	if err.HTTPStatus() == http.StatusTooManyRequests && err.RetryAfter > 0 { // in milliseconds as well, which clients prefer
		ms := (err.RetryAfter + time.Millisecond - 1).Milliseconds()
		h.Set("Retry-After-Ms", strconv.FormatInt(ms, 10))
	}
	downstream.WriteRefusal(w, err.HTTPStatus(), err, downstream.Encode(answer))
}
