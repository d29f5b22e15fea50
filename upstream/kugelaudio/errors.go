package kugelaudio

import (
	"strconv"

	"voicerelay/upstream"
)

// errorCodes are the vendor's error_code values.
var errorCodes = map[string]upstream.Meaning{
	"VALIDATION_ERROR":     {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	"MISSING_VOICE_ID":     {Kind: upstream.Rejected, Message: "the vendor misses a voice"},
	"NOT_FOUND":            {Kind: upstream.Rejected, Message: "the vendor does not know the voice or model"},
	"UNAUTHORIZED":         {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	"INSUFFICIENT_CREDITS": {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	"RATE_LIMITED":         {Kind: upstream.Throttled, Message: "the vendor limits the rate"},
	"TOO_MANY_CONTEXTS":    {Kind: upstream.Throttled, Message: "the vendor's socket has no room for another context"},
	"INTERNAL_ERROR":       {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	"MODEL_UNAVAILABLE":    {Kind: upstream.UpstreamError, Message: "the vendor's model is not available"},
	"EMPTY_AUDIO":          {Kind: upstream.NoAudio, Message: "the vendor made no audio"},
}

// statuses are the HTTP-like codes, for an error_code that is new or missing.
var statuses = map[int]upstream.Meaning{
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
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is draining"},
	4000: {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	4001: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	4003: {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	4029: {Kind: upstream.Throttled, Message: "the vendor limits the rate"},
	4500: {Kind: upstream.UpstreamError, Message: "the vendor is overloaded"},
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("error_code", errorCodes)
	all = append(all, upstream.Entries("code, where error_code says nothing", statuses)...)
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// frameError is the error of an error frame.
func frameError(f *frame) *upstream.Error {
	var code string
	if f.ErrorCode != nil {
		code = *f.ErrorCode
	}
	meaning, ok := errorCodes[code]
	if !ok {
		meaning, ok = statuses[f.Code]
	}
	if !ok {
		meaning = errorCodes["INTERNAL_ERROR"]
	}
	if !upstream.Identifier(code, upstream.UpperCase) {
		code = strconv.Itoa(f.Code)
	}
	err := meaning.Error(code)
	err.RequestID = upstream.RequestIDIn(f.RequestID)
	if f.RetryAfter != nil {
		err.RetryAfter = upstream.RetrySeconds(*f.RetryAfter)
	}
	return err
}
