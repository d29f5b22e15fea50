package vogent

import (
	"bytes"
	"encoding/json"
	"strconv"

	"voicerelay/upstream"
)

// What the vendor's errors can mean.
var (
	keyRefused   = upstream.Meaning{Kind: upstream.AuthFailed, Message: "the vendor refuses the key"}
	creditSpent  = upstream.Meaning{Kind: upstream.NoCredit, Message: "the vendor's account has no credit"}
	tooFast      = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor limits the rate"}
	unknownVoice = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor does not know the voice"}
	invalid      = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	tooLong      = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the text too long"}
	failed       = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
)

// errorTexts are what to look for in the text of an error, in lower case: the vendor has no codes, and no list of
// texts. The first that is found counts, so what is of the account stands before what is of the request.
var errorTexts = []struct {
	part    string
	meaning upstream.Meaning
}{
	{"api key", keyRefused},
	{"apikey", keyRefused},
	{"unauthorized", keyRefused},
	{"unauthenticated", keyRefused},
	{"authentication", keyRefused},
	{"forbidden", keyRefused},
	{"credit", creditSpent},
	{"insufficient", creditSpent},
	{"balance", creditSpent},
	{"payment", creditSpent},
	{"rate limit", tooFast},
	{"too many", tooFast},
	{"concurren", tooFast},
	{"quota", tooFast},
	{"not found", unknownVoice},
	{"required", invalid},
	{"invalid", invalid},
	{"validation", invalid},
	{"unsupported", invalid},
	{"not supported", invalid},
	{"used before", invalid},
	{"exceed", tooLong},
	{"too long", tooLong},
}

// searched is how many bytes of an error's text are: the vendor's own words come first, and after them perhaps the
// client's, which must not open a circuit.
const searched = 64

// closeCodes are what sockets are closed with. The vendor documents none: these are what the codes mean everywhere. A
// vendor that closes after an error, as it may, says nothing by that of the streams that come to the socket meanwhile:
// what it may close so with is dropped, after which the pool gives a stream that had no answer another socket.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1008: {Kind: upstream.Dropped, Message: "the vendor refuses to go on"},
	1011: {Kind: upstream.Dropped, Message: "the vendor failed"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"},
}

// unheardCodes are what a close means instead to a stream that has had no answer on a socket of its own: 1008 is also
// what servers close with that look at the key after the handshake.
var unheardCodes = map[int]upstream.Meaning{1008: keyRefused, 1011: failed}

// codes lists all tables.
func codes() []upstream.Entry {
	var all []upstream.Entry
	for _, e := range errorTexts {
		all = append(all, upstream.Entry{Where: "found in error, in this order", Code: e.part, Meaning: e.meaning})
	}
	all = append(all, upstream.Entry{Where: "any other error", Meaning: failed})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	all = append(all, upstream.Entries("close code, before any frame", unheardCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// frameError is the error of an error frame, whatever the JSON that it has for a text.
func frameError(text json.RawMessage) *upstream.Error {
	lower := bytes.ToLower(text[:min(len(text), searched)])
	for _, e := range errorTexts {
		if bytes.Contains(lower, []byte(e.part)) {
			return e.meaning.Error("")
		}
	}
	return failed.Error("")
}

// unheard is what the end of a socket means to a stream that has had no answer on it.
func unheard(err *upstream.Error) *upstream.Error {
	for code, meaning := range unheardCodes {
		if err.Code == strconv.Itoa(code) {
			return meaning.Error(err.Code)
		}
	}
	return err
}
