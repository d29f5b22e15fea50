package inworld

import (
	"strconv"

	"voicerelay/upstream"
)

// The codes of gRPC that this package looks at.
const (
	invalidArgument = 3
	notFound        = 5
	unimplemented   = 12
)

// statusCodes are gRPC's. The vendor documents none: LiveKit's client knows 5, the others are what they mean everywhere.
var statusCodes = map[int]upstream.Meaning{
	invalidArgument: {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	4:               {Kind: upstream.UpstreamError, Message: "the vendor took too long"},
	notFound:        {Kind: upstream.Rejected, Message: "the vendor does not know the voice, the model or the context"},
	7:               {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	8:               {Kind: upstream.Throttled, Message: "the vendor limits contexts or requests"},
	13:              failed,
	14:              {Kind: upstream.UpstreamError, Message: "the vendor is overloaded"},
	16:              {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
}

var (
	// failed is what any other status means.
	failed = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
	// lost is a context that the vendor does not know any more.
	lost = upstream.Meaning{Kind: upstream.Dropped, Message: "the vendor does not know the context any more"}
	// closedEarly is a context that ends though it may get more text.
	closedEarly = upstream.Meaning{Kind: upstream.Dropped, Message: "the vendor closed the context too early"}
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
	all := upstream.Entries("status code", statusCodes)
	all = append(all,
		upstream.Entry{Where: "any other status code", Meaning: failed},
		upstream.Entry{Where: "status code, once there has been audio", Code: strconv.Itoa(notFound), Meaning: lost},
		upstream.Entry{Where: "contextClosed before the text's end", Meaning: closedEarly})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// statusError is the error of a status other than 0.
func statusError(code int) *upstream.Error {
	meaning, ok := statusCodes[code]
	if !ok {
		meaning = failed
	}
	return meaning.Error(strconv.Itoa(code))
}
