package uplift

import (
	"voicerelay/upstream"
)

// errorCodes are the codes of the vendor's error messages.
var errorCodes = map[string]upstream.Meaning{
	"auth_failed":         {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	"synthesis_failed":    {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	"duplicate_request":   {Kind: upstream.Rejected, Message: "the vendor has had a request of this id"},
	"rate_limit_exceeded": {Kind: upstream.Throttled, Message: "the vendor limits the rate"},
	"text_too_long":       {Kind: upstream.Rejected, Message: "the vendor finds the text too long"},
}

// connectErrors are why Socket.IO's namespace may turn a connection away, where that is not for the key.
var connectErrors = map[string]upstream.Meaning{
	"Invalid namespace": {Kind: upstream.ConnectFailed, Message: "the vendor does not offer speech at this address"},
}

// closeCodes are those of the WebSocket's own that a server closes with: the vendor documents none.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1011: {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"},
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("code", errorCodes)
	all = append(all, upstream.Entries("connect_error", connectErrors)...)
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// errorOf is the error of an error message. A code that is not documented is a fault of the vendor's.
func errorOf(code string) *upstream.Error {
	meaning, ok := errorCodes[code]
	if !ok {
		meaning = errorCodes["synthesis_failed"]
	}
	if !upstream.Identifier(code, upstream.LowerCase+upstream.UpperCase) {
		code = ""
	}
	return meaning.Error(code)
}

// connectError is the error of a namespace that turns a connection away. Vendors do so for a bad key, in words of
// their own.
func connectError(text string) *upstream.Error {
	if meaning, ok := connectErrors[text]; ok {
		return meaning.Error("connect_error")
	}
	if _, ok := errorCodes[text]; ok {
		return errorOf(text)
	}
	return errorCodes["auth_failed"].Error("connect_error")
}
