package rime

import (
	"strings"

	"voicerelay/upstream"
)

// What the vendor's codes can mean.
var (
	invalid = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	badKey  = upstream.Meaning{Kind: upstream.AuthFailed, Message: "the vendor refuses the key"}
	tooFast = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor limits the rate"}
	failed  = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
)

// errorKinds are those of v1's errors.
var errorKinds = map[string]upstream.Meaning{
	"internal":           failed,
	"invalid_input":      invalid,
	"not_found":          {Kind: upstream.Rejected, Message: "the vendor does not know the voice or the model"},
	"permission_denied":  badKey,
	"resource_exhausted": {Kind: upstream.Throttled, Message: "the vendor has no room for more of the account"},
	"timeout":            {Kind: upstream.UpstreamError, Message: "the vendor gave up waiting"},
	"unauthenticated":    badKey,
	"unavailable":        {Kind: upstream.UpstreamError, Message: "the vendor is overloaded"},
	"unimplemented":      {Kind: upstream.Rejected, Message: "the vendor can't do what is asked"},
}

// errorTexts are what to look for in the text of an error of ws3, in lower case: it has no codes there, and no list of texts is
// documented. The first that is found counts, so what is of the account stands before what is of the request.
var errorTexts = []struct {
	part    string
	meaning upstream.Meaning
}{
	{"unauthorized", badKey},
	{"api key", badKey},
	{"forbidden", badKey},
	{"credit", upstream.Meaning{Kind: upstream.NoCredit, Message: "the vendor's account has no credit"}},
	{"rate limit", tooFast},
	{"too many", tooFast},
	{"invalid", invalid},
	{"too long", invalid},
}

// searched is how many bytes of an error's text are: the vendor's own words come first, and after them perhaps the client's, which
// must not open a circuit.
const searched = 64

// closeCodes are what sockets are closed with. The vendor documents none: these are what the codes mean everywhere.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1008: {Kind: upstream.Dropped, Message: "the vendor refuses to go on"},
	1011: failed,
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"},
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("kind of an error", errorKinds)
	for _, e := range errorTexts {
		all = append(all, upstream.Entry{Where: "found in message of an error of ws3, in this order", Code: e.part, Meaning: e.meaning})
	}
	all = append(all, upstream.Entry{Where: "any other error", Meaning: failed})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// kindError is the error of a kind.
func kindError(kind string) *upstream.Error {
	if meaning, ok := errorKinds[kind]; ok {
		return meaning.Error(kind)
	}
	if !upstream.Identifier(kind, upstream.LowerCase) {
		kind = "" // free text
	}
	return failed.Error(kind)
}

// textError is the error of a text, which goes no further.
func textError(text string) *upstream.Error {
	text = strings.ToLower(text[:min(len(text), searched)])
	for _, e := range errorTexts {
		if strings.Contains(text, e.part) {
			return e.meaning.Error("")
		}
	}
	return failed.Error("")
}
