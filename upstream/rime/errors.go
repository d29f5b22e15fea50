package rime

import (
	"voicerelay/upstream"
)

// What the vendor's codes can mean.
var (
	invalid = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	badKey  = upstream.Meaning{Kind: upstream.AuthFailed, Message: "the vendor refuses the key"}
	failed  = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
)

// errorKinds are those of v1's errors. Those of ws3 have a text alone.
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
	all = append(all, upstream.Entry{Where: "any other error, and any of ws3", Meaning: failed})
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
