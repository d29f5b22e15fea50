package protocol

import (
	"encoding/json"
	"time"
)

// Error is a refusal. Encode makes it an error message of its own; within a Done it encodes without its
// type, command and generation id.
type Error struct {
	Command      string // type of the refused message; empty where that is not known
	GenerationID string // id in the refused message; empty where it has none or an invalid one
	Code         Code
	Param        string // path of the field at fault; empty where no field is
	Message      string // for a person; names the limit, never internals
	RetryAfter   time.Duration
	Status       int    // of HTTP, where it is not the code's own, as of a path that does not exist; else 0
	First        *First // with CodeDuplicateRequest of an idempotency key
	// PassedOver are targets that were not tried, with CodeNoProviderAvailable and CodeUpstreamFailed, and with
	// CodeNotAllowed where the tenant's budget excludes every one.
	PassedOver []PassedOver

	// malformed: the message as a whole is not a JSON object, though its beginning may name a command.
	malformed bool
}

// First is the generation that used an idempotency key first.
type First struct {
	GenerationID string `json:"generation_id"`
	RecordID     string `json:"record_id"`
	State        string `json:"state"` // running, or how it ended
}

// PassedOver is a target that was not tried.
type PassedOver struct {
	Provider string `json:"provider"`
	// Why is circuit_open, throttled, budget_spent, no_voice, language, currency or unpriced.
	Why string `json:"why"`
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// HTTPStatus is the error's status.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Code.Status()
}

// Known reports whether an error of Decode is about a JSON object of a known type. A client that keeps sending
// messages that are not is cut off.
func (e *Error) Known() bool { return e.Command != "" && !e.malformed }

// MarshalJSON is the error object as it stands within a done.
func (e *Error) MarshalJSON() ([]byte, error) { return marshal(e.object()) }

// errorObject is the error of the protocol; its type, command and generation id go before it.
type errorObject struct {
	Code         Code         `json:"code"`
	Status       int          `json:"status"`
	Param        string       `json:"param,omitempty"`
	Message      string       `json:"message"`
	Retryable    bool         `json:"retryable"`
	RetryAfterMS *int64       `json:"retry_after_ms,omitempty"`
	First        *First       `json:"first,omitempty"`
	PassedOver   []PassedOver `json:"passed_over,omitempty"`
}

// errorMessage is an error that is a message of its own.
type errorMessage struct {
	Command      string `json:"command,omitempty"`
	GenerationID string `json:"generation_id,omitempty"`
	errorObject
}

func (e *Error) object() errorObject {
	o := errorObject{
		Code:      e.Code,
		Status:    e.HTTPStatus(),
		Param:     e.Param,
		Message:   e.Message,
		Retryable: e.Code.Retryable(),
		First:     e.First,

		PassedOver: e.PassedOver,
	}
	// A wait of less than a millisecond rounds down to 0 and is told all the same.
	if e.RetryAfter > 0 || e.Code == CodeRateLimitExceeded {
		ms := max(e.RetryAfter, 0).Milliseconds()
		o.RetryAfterMS = &ms
	}
	return o
}

func (e *Error) wire() (string, any) {
	return "error", errorMessage{Command: e.Command, GenerationID: e.GenerationID, errorObject: e.object()}
}

// mustBe is the refusal of a value that has not the type or range that want describes.
func mustBe(param, want string) *Error {
	return invalid(param, param+" must be "+want)
}

func invalid(param, message string) *Error {
	return &Error{Code: CodeInvalidRequest, Param: param, Message: message}
}

var _ json.Marshaler = (*Error)(nil)
