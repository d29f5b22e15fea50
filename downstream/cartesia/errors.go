package cartesia

import (
	"fmt"
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// told is what clients are told of an error.
type told struct {
	title, code string
	// frame is the status within a context. It is one of 500 to 599 whatever the error is, since there are clients that wait
	// for ever after any other (@livekit/agents-plugin-cartesia 1.8.1).
	frame int
}

// errorsTold is the one table from codes to what clients are told. It is never written to.
var errorsTold = map[protocol.Code]told{
	protocol.CodeInvalidRequest:      {"Invalid request", "invalid_request", http.StatusInternalServerError},
	protocol.CodeUnsupportedFormat:   {"Unsupported format", "unsupported_format", http.StatusInternalServerError},
	protocol.CodeAuthFailed:          {"Unauthorized", "unauthorized", http.StatusInternalServerError},
	protocol.CodeQuotaExceeded:       {"Quota exceeded", "quota_exceeded", http.StatusInternalServerError},
	protocol.CodeOriginNotAllowed:    {"Forbidden", "forbidden", http.StatusInternalServerError},
	protocol.CodeNotAllowed:          {"Forbidden", "forbidden", http.StatusInternalServerError},
	protocol.CodeUnknownVoice:        {"Voice not found", "voice_not_found", http.StatusInternalServerError},
	protocol.CodeUnknownRoute:        {"Model not found", "model_not_found", http.StatusInternalServerError},
	protocol.CodeUnknownGeneration:   {"Not found", "not_found", http.StatusInternalServerError},
	protocol.CodeDuplicateRequest:    {"Duplicate request", "invalid_request", http.StatusInternalServerError},
	protocol.CodeTextFinished:        {"Context closed", "invalid_request", http.StatusInternalServerError},
	protocol.CodeTextTooLong:         {"Text too long", "text_too_long", http.StatusInternalServerError},
	protocol.CodeRateLimitExceeded:   {"Rate limited", "rate_limited", http.StatusServiceUnavailable},
	protocol.CodeTooManyGenerations:  {"Too many contexts", "concurrency_limited", http.StatusServiceUnavailable},
	protocol.CodeTooManyConnections:  {"Too many connections", "concurrency_limited", http.StatusServiceUnavailable},
	protocol.CodeLedgerUnavailable:   {"Unavailable", "internal_error", http.StatusServiceUnavailable},
	protocol.CodeNoProviderAvailable: {"Unavailable", "internal_error", http.StatusServiceUnavailable},
	protocol.CodeDraining:            {"Shutting down", "internal_error", http.StatusServiceUnavailable},
	protocol.CodeInternal:            {"Internal error", "internal_error", http.StatusInternalServerError},
	protocol.CodeUpstreamRejected:    {"Speech failed", "internal_error", http.StatusBadGateway},
	protocol.CodeUpstreamFailed:      {"Speech failed", "internal_error", http.StatusBadGateway},
	protocol.CodeUpstreamTimeout:     {"Speech failed", "internal_error", http.StatusBadGateway},
}

// tell is what clients are told of an error; of one that the table lacks, as of a fault of the relay.
func tell(code protocol.Code) told {
	if t, ok := errorsTold[code]; ok {
		return t
	}
	return errorsTold[protocol.CodeInternal]
}

// errorBody is what the error of a context and that of a request have alike.
type errorBody struct {
	Status    int    `json:"status_code"`
	Title     string `json:"title"`
	Message   string `json:"message"`
	Code      string `json:"error_code"`
	RequestID string `json:"request_id"`
}

// errorMessage is an error within a context. It is never done by itself.
type errorMessage struct {
	Type      string `json:"type"`
	ContextID string `json:"context_id"`
	Done      bool   `json:"done"`
	Error     string `json:"error"`
	errorBody
}

// bodyOf is an error's body. The request's id is that of the record, where there is one.
func bodyOf(err *protocol.Error, record string) errorBody {
	t := tell(err.Code)
	return errorBody{Status: err.HTTPStatus(), Title: t.title, Message: err.Message, Code: t.code, RequestID: record}
}

// contextError is the message that a context has failed. A done follows it.
func contextError(id string, err *protocol.Error, record string) []byte {
	body := bodyOf(err, record)
	body.Message = fmt.Sprintf("%s (status %d)", err.Message, body.Status)
	body.Status = tell(err.Code).frame
	return downstream.Encode(errorMessage{Type: "error", ContextID: id, Error: body.Title + ": " + body.Message, errorBody: body})
}

// writeError answers a request with an error.
func writeError(w http.ResponseWriter, err *protocol.Error) {
	downstream.WriteRefusal(w, err.HTTPStatus(), err, downstream.Encode(bodyOf(err, err.GenerationID)))
}
