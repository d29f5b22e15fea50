package protocol

import (
	"net/http"
	"slices"
)

// Code says what is wrong in a word that clients can test for.
type Code string

// All codes. The last three stand only in the error of a done.
const (
	CodeInvalidRequest      Code = "invalid_request"       // malformed JSON, unknown type or field, bad value
	CodeUnsupportedFormat   Code = "unsupported_format"    // an audio format outside the table
	CodeAuthFailed          Code = "auth_failed"           // no key, or not a valid one
	CodeQuotaExceeded       Code = "quota_exceeded"        // the tenant's budget is spent
	CodeOriginNotAllowed    Code = "origin_not_allowed"    // a browser page from an origin that is not configured
	CodeNotAllowed          Code = "not_allowed"           // a route, voice or raw target that the key may not use
	CodeUnknownVoice        Code = "unknown_voice"         // no such voice
	CodeUnknownRoute        Code = "unknown_route"         // no such route
	CodeUnknownGeneration   Code = "unknown_generation"    // an id or context that the connection never named
	CodeDuplicateRequest    Code = "duplicate_request"     // a generation id or idempotency key used before
	CodeTextFinished        Code = "text_finished"         // text after the end of the text
	CodeTextTooLong         Code = "text_too_long"         // more characters than one generation may have
	CodeRateLimitExceeded   Code = "rate_limit_exceeded"   // too fast; retry_after_ms says how long to wait
	CodeTooManyGenerations  Code = "too_many_generations"  // too many at once
	CodeTooManyConnections  Code = "too_many_connections"  // too many at once
	CodeLedgerUnavailable   Code = "ledger_unavailable"    // the ledger can't be written
	CodeNoProviderAvailable Code = "no_provider_available" // every circuit is open, or no target fits
	CodeDraining            Code = "draining"              // the relay is shutting down
	CodeInternal            Code = "internal"              // a fault of the relay
	CodeUpstreamRejected    Code = "upstream_rejected"     // every target refused the request as invalid
	CodeUpstreamFailed      Code = "upstream_failed"       // all targets were tried
	CodeUpstreamTimeout     Code = "upstream_timeout"      // the same, and the last was a timeout
)

// meaning is what a code says in addition to its name.
type meaning struct {
	status    int // of HTTP, and in the error object
	retryable bool
}

// meanings is the one table from codes to what they mean. It is never written to.
var meanings = map[Code]meaning{
	CodeInvalidRequest:      {status: http.StatusBadRequest},
	CodeUnsupportedFormat:   {status: http.StatusBadRequest},
	CodeAuthFailed:          {status: http.StatusUnauthorized},
	CodeQuotaExceeded:       {status: http.StatusPaymentRequired},
	CodeOriginNotAllowed:    {status: http.StatusForbidden},
	CodeNotAllowed:          {status: http.StatusForbidden},
	CodeUnknownVoice:        {status: http.StatusNotFound},
	CodeUnknownRoute:        {status: http.StatusNotFound},
	CodeUnknownGeneration:   {status: http.StatusNotFound},
	CodeDuplicateRequest:    {status: http.StatusConflict},
	CodeTextFinished:        {status: http.StatusConflict},
	CodeTextTooLong:         {status: http.StatusRequestEntityTooLarge},
	CodeRateLimitExceeded:   {status: http.StatusTooManyRequests, retryable: true},
	CodeTooManyGenerations:  {status: http.StatusTooManyRequests, retryable: true},
	CodeTooManyConnections:  {status: http.StatusTooManyRequests, retryable: true},
	CodeLedgerUnavailable:   {status: http.StatusServiceUnavailable, retryable: true},
	CodeNoProviderAvailable: {status: http.StatusServiceUnavailable, retryable: true},
	CodeDraining:            {status: http.StatusServiceUnavailable, retryable: true},
	CodeInternal:            {status: http.StatusInternalServerError, retryable: true},
	CodeUpstreamRejected:    {status: http.StatusUnprocessableEntity},
	CodeUpstreamFailed:      {status: http.StatusBadGateway, retryable: true},
	CodeUpstreamTimeout:     {status: http.StatusGatewayTimeout, retryable: true},
}

// Codes lists every code, sorted.
func Codes() []Code {
	codes := make([]Code, 0, len(meanings))
	for code := range meanings {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// Valid reports whether the protocol knows the code.
func (c Code) Valid() bool { _, ok := meanings[c]; return ok }

// Status is the HTTP status that goes with the code; that of CodeInternal where the code is not valid.
func (c Code) Status() int { return c.meaning().status }

// Retryable reports whether the same request may succeed later.
func (c Code) Retryable() bool { return c.meaning().retryable }

func (c Code) meaning() meaning {
	if m, ok := meanings[c]; ok {
		return m
	}
	return meanings[CodeInternal]
}
