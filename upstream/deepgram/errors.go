package deepgram

import (
	"net/http"

	"voicerelay/upstream"
)

// What the vendor's codes can mean.
var (
	unparsed = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor does not understand a message"}
	invalid  = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	tooLong  = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the text too long"}
	failed   = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
	noAudio  = upstream.Meaning{Kind: upstream.NoAudio, Message: "the vendor made no audio of a text"}
	tooFast  = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor ignores an order to speak, since there were too many"}
)

// errorCodes are those of an Error.
var errorCodes = map[string]upstream.Meaning{
	"MESSAGE-0000": unparsed,
	"DATA-0000":    invalid,
	"DATA-0001":    invalid,
	"DATA-0002":    invalid,
	"BIG-0000":     tooLong,
	"BIG-0001":     tooLong,
	"NET-0000":     failed,
	"NET-0001":     failed,
	"NET-0002":     failed,
	"NET-0003":     failed,
	"NET-0004":     failed,
}

// closeCodes are what sockets are closed with. The vendor documents those that come with the codes above; the others are
// what the codes mean everywhere.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1003: unparsed,
	1008: invalid,
	1009: tooLong,
	1011: failed,
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"},
}

// statuses are what the vendor refuses handshakes with for the address, which has the voice and the format; others are
// as HTTP has them.
var statuses = map[int]upstream.Kind{
	http.StatusBadRequest: upstream.Rejected,
	http.StatusNotFound:   upstream.Rejected,
}

// refusedKind is what an HTTP status at the handshake means.
func refusedKind(status int) upstream.Kind {
	if kind, ok := statuses[status]; ok {
		return kind
	}
	return upstream.RefusedKind(status)
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("code of an Error", errorCodes)
	all = append(all, upstream.Entry{Where: "any other Error", Meaning: failed})
	all = append(all, upstream.Entry{Where: "found in a Warning", Code: flushWarning, Meaning: tooFast})
	all = append(all, upstream.Entry{Where: "code of a Warning", Code: noAudioGenerated, Meaning: noAudio})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(refusedKind)...)
}

// frameError is the error of an Error.
func frameError(f *frame) *upstream.Error {
	if meaning, ok := errorCodes[f.Code]; ok {
		return meaning.Error(f.Code)
	}
	return failed.Error("")
}
