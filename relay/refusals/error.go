package refusals

import (
	"fmt"
	"time"

	"voicerelay/limits"
	"voicerelay/routing"
)

// Code says in a word why a generation is refused or has failed. What a client gets of it is its dialect's matter.
type Code string

// All codes of the engine.
const (
	CodeInvalidRequest      Code = "invalid_request"       // a value that can't be used
	CodeAuthFailed          Code = "auth_failed"           // the key is no longer valid
	CodeQuotaExceeded       Code = "quota_exceeded"        // the tenant's budget is spent
	CodeNotAllowed          Code = "not_allowed"           // a route, voice or raw target that the key may not use
	CodeUnknownVoice        Code = "unknown_voice"         // no such voice
	CodeUnknownRoute        Code = "unknown_route"         // no such route
	CodeDuplicateRequest    Code = "duplicate_request"     // an idempotency key that was used before
	CodeTextFinished        Code = "text_finished"         // text after the end of the text
	CodeTextTooLong         Code = "text_too_long"         // more characters than one generation may have
	CodeRateLimitExceeded   Code = "rate_limit_exceeded"   // too fast
	CodeTooManyGenerations  Code = "too_many_generations"  // too many at once
	CodeLedgerUnavailable   Code = "ledger_unavailable"    // the ledger, or what relays share, can't be reached
	CodeNoProviderAvailable Code = "no_provider_available" // every circuit is open, or no target fits
	CodeDraining            Code = "draining"              // the relay is shutting down
	CodeInternal            Code = "internal"              // a fault of the relay
	CodeUpstreamRejected    Code = "upstream_rejected"     // every target refused the request as invalid
	CodeUpstreamFailed      Code = "upstream_failed"       // all targets were tried
	CodeUpstreamTimeout     Code = "upstream_timeout"      // the same, and the last was a timeout
)

// Codes lists every code of the engine.
func Codes() []Code {
	return []Code{
		CodeInvalidRequest, CodeAuthFailed, CodeQuotaExceeded, CodeNotAllowed, CodeUnknownVoice, CodeUnknownRoute,
		CodeDuplicateRequest, CodeTextFinished, CodeTextTooLong, CodeRateLimitExceeded, CodeTooManyGenerations,
		CodeLedgerUnavailable, CodeNoProviderAvailable, CodeDraining, CodeInternal, CodeUpstreamRejected, CodeUpstreamFailed,
		CodeUpstreamTimeout,
	}
}

// Error is why a generation was refused, or why it failed.
type Error struct {
	Code Code
	// Param is the field of a Request at fault, by the protocol's name for it: "voice", "route", "text", "idempotency_key",
	// "text_idle_timeout_ms" or "provider_options." and a path; empty where no field is.
	Param string
	// Message is for a person: it names the limit, never internals.
	Message string
	// RetryAfter is how long to wait before trying again; zero: not known.
	RetryAfter time.Duration
	// First is the generation that used an idempotency key first, with CodeDuplicateRequest.
	First *limits.First
	// PassedOver are targets that were not tried, with CodeNoProviderAvailable and CodeUpstreamFailed, and with
	// CodeNotAllowed where the tenant's budget excludes every one.
	PassedOver []routing.Omission
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// KeyGone refuses what comes from a client whose key is no longer configured, or has expired.
func KeyGone() *Error { return &Error{Code: CodeAuthFailed, Message: "the key is no longer valid"} }

// TextTooLong refuses text that has more than so many characters.
func TextTooLong(limit int) *Error {
	return &Error{
		Code: CodeTextTooLong, Param: "text",
		Message: fmt.Sprintf("over %d characters in one generation", limit),
	}
}

// Unrecorded refuses a generation that the ledger can't enter.
func Unrecorded() *Error {
	return &Error{Code: CodeLedgerUnavailable, Message: "the ledger can't be written"}
}
