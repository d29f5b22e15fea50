package soniox

import (
	"strconv"

	"voicerelay/upstream"
)

// errorCodes are those of error frames, which are as HTTP has them (the vendor's SDK).
var errorCodes = map[int]upstream.Meaning{
	400: {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	401: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	402: {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	403: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	404: {Kind: upstream.Rejected, Message: "the vendor does not know the voice or the model"},
	408: {Kind: upstream.UpstreamError, Message: "the vendor gave up waiting"},
	413: {Kind: upstream.Rejected, Message: "the vendor finds the text too long"},
	429: {Kind: upstream.Throttled, Message: "the vendor limits streams or requests"},
	500: failed,
	503: {Kind: upstream.UpstreamError, Message: "the vendor is overloaded"},
}

var (
	// failed is what any other error means.
	failed = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
	// cutShort is a stream that ends without its audio's end. LiveKit's client takes it for transient.
	cutShort = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor ended the stream early"}
)

// closeCodes are what sockets are closed with. The vendor documents none: these are what the codes mean everywhere.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1008: {Kind: upstream.Dropped, Message: "the vendor refuses to go on"},
	1011: {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"},
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("error_code", errorCodes)
	all = append(all,
		upstream.Entry{Where: "any other error_code", Meaning: failed},
		upstream.Entry{Where: "terminated without audio_end", Meaning: cutShort})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// codeError is the error of an error frame.
func codeError(code int) *upstream.Error {
	meaning, ok := errorCodes[code]
	if !ok {
		meaning = failed
	}
	return meaning.Error(strconv.Itoa(code))
}
