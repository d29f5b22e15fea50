package assemblyai

import (
	"strconv"

	"voicerelay/upstream"
)

// What the vendor's codes can mean.
var (
	failed     = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
	unready    = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor refuses for the moment"}
	invalid    = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	noVoice    = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor does not know the voice, or not with this model"}
	tooMany    = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor's account has too many sessions"}
	overloaded = upstream.Meaning{Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"}
)

// errorTypes are those of an Error that say more than its code.
var errorTypes = map[string]upstream.Meaning{
	"auth_unavailable":  unready,
	"invalid_parameter": invalid,
	"rate_limited":      tooMany,
	"voice_not_found":   noVoice,
}

// closeCodes are what sessions are closed with, and what an Error has as its error_code before that. Those below 3000 that the
// vendor does not document are what the codes mean everywhere.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1008: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	1009: {Kind: upstream.Rejected, Message: "the vendor finds a message too long"},
	1011: failed,
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: overloaded,
	3005: failed,
	3006: invalid,
	3008: {Kind: upstream.Dropped, Message: "the vendor's session has expired"},
	3009: tooMany,
	3010: {Kind: upstream.UpstreamError, Message: "the vendor has too much text that it has not spoken"},
	3011: {Kind: upstream.UpstreamError, Message: "the vendor's audio was read too slowly"},
	3012: noVoice,
	3014: noVoice,
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("error_type", errorTypes)
	all = append(all, upstream.Entry{Where: "error_code of auth_failed or rejected, with", Code: "retryable: true", Meaning: unready})
	all = append(all, upstream.Entries("error_code, or close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// frameError is the error of an Error. Whether another attempt is of use is for the vendor to say: what it refuses for the moment
// only is no fault of the key or the request.
func frameError(f *frame) *upstream.Error {
	err := f.meaning()
	if f.Retryable && (err.Kind == upstream.AuthFailed || err.Kind == upstream.Rejected) {
		err = unready.Error(err.Code)
	}
	err.RetryAfter = upstream.RetrySeconds(f.RetryAfter)
	return err
}

// meaning looks the type up, and then the code.
func (f *frame) meaning() *upstream.Error {
	if meaning, ok := errorTypes[f.ErrorType]; ok {
		return meaning.Error(f.ErrorType)
	}
	code := ""
	if f.Code > 0 {
		code = strconv.Itoa(f.Code)
	}
	if meaning, ok := closeCodes[f.Code]; ok {
		return meaning.Error(code)
	}
	return failed.Error(code)
}
