package kugelaudio

import (
	"strconv"
	"time"

	"voicerelay/upstream"
)

// fault is what an error of the vendor's means, in our words.
type fault struct {
	kind    upstream.Kind
	message string
}

// errorCodes are the vendor's error_code values.
var errorCodes = map[string]fault{
	"VALIDATION_ERROR":     {upstream.Rejected, "the vendor finds the request invalid"},
	"MISSING_VOICE_ID":     {upstream.Rejected, "the vendor misses a voice"},
	"NOT_FOUND":            {upstream.Rejected, "the vendor does not know the voice or model"},
	"UNAUTHORIZED":         {upstream.AuthFailed, "the vendor refuses the key"},
	"INSUFFICIENT_CREDITS": {upstream.NoCredit, "the vendor's account has no credit"},
	"RATE_LIMITED":         {upstream.Throttled, "the vendor limits the rate"},
	"TOO_MANY_CONTEXTS":    {upstream.Throttled, "the vendor's socket has no room for another context"},
	"INTERNAL_ERROR":       {upstream.UpstreamError, "the vendor failed"},
	"MODEL_UNAVAILABLE":    {upstream.UpstreamError, "the vendor's model is not available"},
	"EMPTY_AUDIO":          {upstream.NoAudio, "the vendor made no audio"},
}

// statuses are the HTTP-like codes, for an error_code that is new or missing.
var statuses = map[int]fault{
	400: errorCodes["VALIDATION_ERROR"],
	401: errorCodes["UNAUTHORIZED"],
	402: errorCodes["INSUFFICIENT_CREDITS"],
	403: errorCodes["UNAUTHORIZED"],
	404: errorCodes["NOT_FOUND"],
	413: errorCodes["VALIDATION_ERROR"],
	422: errorCodes["VALIDATION_ERROR"],
	429: errorCodes["RATE_LIMITED"],
	501: errorCodes["VALIDATION_ERROR"],
	503: errorCodes["MODEL_UNAVAILABLE"],
}

// closeCodes are what the vendor closes sockets with.
var closeCodes = map[int]fault{
	1000: {upstream.Dropped, "the vendor closed the connection too early"},
	1001: {upstream.Dropped, "the vendor went away"},
	1012: {upstream.Dropped, "the vendor restarts"},
	1013: {upstream.ConnectFailed, "the vendor is draining"},
	4000: {upstream.UpstreamError, "the vendor failed"},
	4001: {upstream.AuthFailed, "the vendor refuses the key"},
	4003: {upstream.NoCredit, "the vendor's account has no credit"},
	4029: {upstream.Throttled, "the vendor limits the rate"},
	4500: {upstream.UpstreamError, "the vendor is overloaded"},
}

// frameError is the error of an error frame.
func frameError(f *frame) *upstream.Error {
	var code string
	if f.ErrorCode != nil {
		code = *f.ErrorCode
	}
	fault, ok := errorCodes[code]
	if !ok {
		fault, ok = statuses[f.Code]
	}
	if !ok {
		fault = errorCodes["INTERNAL_ERROR"]
	}
	if !identifier(code) {
		code = strconv.Itoa(f.Code)
	}
	var wait time.Duration
	if f.RetryAfter != nil {
		wait = upstream.RetrySeconds(*f.RetryAfter)
	}
	return &upstream.Error{Kind: fault.kind, Code: code, Message: fault.message, RetryAfter: wait}
}

// identifier reports whether a code is one, since free text may tell what must not be told.
func identifier(code string) bool {
	for _, r := range code {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return code != "" && len(code) <= 40
}

// closeError is the error of a close code, -1 for none.
func closeError(code int) *upstream.Error {
	if code < 0 {
		return &upstream.Error{Kind: upstream.Dropped, Message: "connection lost"}
	}
	f, ok := closeCodes[code]
	if !ok {
		f = fault{upstream.Dropped, "the vendor closed the connection"}
	}
	return &upstream.Error{Kind: f.kind, Code: strconv.Itoa(code), Message: f.message}
}

// garbled is the error of a frame that is not of the vendor's protocol.
func garbled(message string) *upstream.Error {
	return &upstream.Error{Kind: upstream.Garbled, Message: message}
}
