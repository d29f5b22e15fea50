package elevenlabs

import (
	"net/http"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// fault is how the vendor names an error, and its status.
type fault struct {
	id     string
	status int
}

// faults are the vendor's names for what can go wrong. That of a budget that is spent is 401, as the vendor has it: a program must
// not repeat it.
var faults = map[protocol.Code]fault{
	protocol.CodeInvalidRequest:      {"invalid_parameters", http.StatusBadRequest},
	protocol.CodeUnsupportedFormat:   {"invalid_output_format", http.StatusBadRequest},
	protocol.CodeAuthFailed:          {"invalid_api_key", http.StatusUnauthorized},
	protocol.CodeQuotaExceeded:       {"quota_exceeded", http.StatusUnauthorized},
	protocol.CodeOriginNotAllowed:    {"origin_not_allowed", http.StatusForbidden},
	protocol.CodeNotAllowed:          {"missing_permissions", http.StatusForbidden},
	protocol.CodeUnknownVoice:        {"voice_not_found", http.StatusNotFound},
	protocol.CodeUnknownRoute:        {"model_not_found", http.StatusNotFound},
	protocol.CodeUnknownGeneration:   {"context_not_found", http.StatusNotFound},
	protocol.CodeDuplicateRequest:    {"duplicate_request", http.StatusConflict},
	protocol.CodeTextFinished:        {"input_timeout_exceeded", http.StatusBadRequest},
	protocol.CodeTextTooLong:         {"text_too_long", http.StatusBadRequest},
	protocol.CodeRateLimitExceeded:   {"rate_limit_exceeded", http.StatusTooManyRequests},
	protocol.CodeTooManyGenerations:  {"too_many_concurrent_requests", http.StatusTooManyRequests},
	protocol.CodeTooManyConnections:  {"too_many_concurrent_requests", http.StatusTooManyRequests},
	protocol.CodeLedgerUnavailable:   {"system_busy", http.StatusServiceUnavailable},
	protocol.CodeNoProviderAvailable: {"system_busy", http.StatusServiceUnavailable},
	protocol.CodeDraining:            {"system_busy", http.StatusServiceUnavailable},
	protocol.CodeInternal:            {"internal_error", http.StatusInternalServerError},
	protocol.CodeUpstreamRejected:    {"invalid_parameters", http.StatusBadRequest},
	protocol.CodeUpstreamFailed:      {"internal_error", http.StatusBadGateway},
	protocol.CodeUpstreamTimeout:     {"internal_error", http.StatusGatewayTimeout},
}

// faultOf is an error as the vendor names it.
func faultOf(err *protocol.Error) fault {
	f, ok := faults[err.Code]
	if !ok {
		f = faults[protocol.CodeInternal]
	}
	if err.Status != 0 {
		f.status = err.Status
	}
	return f
}

// detail is why a request is refused.
type detail struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	// Param is the field at fault. The vendor has none here.
	Param string `json:"param,omitempty"`
}

// invalid is a field that can't be used, as the vendor's framework tells it.
type invalid struct {
	Loc  []string `json:"loc"`
	Msg  string   `json:"msg"`
	Type string   `json:"type"`
}

// refuse answers a request with an error in the vendor's envelope.
func refuse(w http.ResponseWriter, err *protocol.Error) {
	f := faultOf(err)
	var what any = detail{Status: f.id, Message: err.Message, Param: err.Param}
	if f.status == http.StatusUnprocessableEntity {
		at := append([]string{"body"}, strings.FieldsFunc(err.Param, func(r rune) bool { return r == '.' })...)
		what = []invalid{{Loc: at, Msg: err.Message, Type: "value_error"}}
	}
	downstream.WriteRefusal(w, f.status, err, downstream.Encode(map[string]any{"detail": what}))
}

// policyViolation is the code that error frames bear, that with which the vendor closes.
const policyViolation = 1008

// problem is an error within a message.
type problem struct {
	Message string `json:"message"`
	Error   string `json:"error"`
	Code    int    `json:"code"`
}

func problemOf(err *protocol.Error) problem {
	return problem{Message: err.Message, Error: faultOf(err).id, Code: policyViolation}
}

// errorFrame is an error as a WebSocket's message.
type errorFrame struct {
	problem
	// ContextID is null where the whole connection is at fault.
	ContextID *string `json:"contextId"`
}

// encodeError is an error as a message about a context; nil: about the connection.
func encodeError(err *protocol.Error, context *string) []byte {
	return downstream.Encode(errorFrame{problem: problemOf(err), ContextID: context})
}
