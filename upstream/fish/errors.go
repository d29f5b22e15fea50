package fish

import (
	"strings"

	"voicerelay/upstream"
)

// errorTexts are parts of what an error says, in small letters. The vendor documents the first for this socket; it answers
// HTTP requests with the others.
var errorTexts = map[string]upstream.Meaning{
	"concurrency limit":    {Kind: upstream.Throttled, Message: "the vendor's account has too many streams at once"},
	"insufficient balance": {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	"invalid sample rate":  {Kind: upstream.Rejected, Message: "the vendor does not have the sample rate"},
	"invalid token":        {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	"unknown variant":      {Kind: upstream.Rejected, Message: "the vendor finds the settings invalid"},
}

// failed is what any other error means, and a finish with the reason error.
var failed = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}

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
	all := upstream.Entries("text of error", errorTexts)
	all = append(all, upstream.Entry{Where: "any other error, and finish for error", Meaning: failed})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// frameError is the error of an error event.
func frameError(f *frame) *upstream.Error {
	if f.limited {
		return errorTexts["concurrency limit"].Error("")
	}
	text := strings.ToLower(string(f.said))
	for part, meaning := range errorTexts {
		if strings.Contains(text, part) {
			return meaning.Error("")
		}
	}
	return failed.Error("")
}
