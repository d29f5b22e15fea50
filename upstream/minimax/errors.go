package minimax

import (
	"strconv"

	"voicerelay/upstream"
)

// Codes of a text that is left out, while the session goes on.
const (
	codeTooLong = 2204
	codeQueued  = 2205
)

// statusCodes are those of base_resp, which any frame may bear. 1008 and 2054 stand in the vendor's general list of errors alone.
var statusCodes = map[int]upstream.Meaning{
	1000:        {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	1001:        {Kind: upstream.UpstreamError, Message: "the vendor gave up waiting for its own"},
	1002:        {Kind: upstream.Throttled, Message: "the vendor limits the requests of a minute"},
	1004:        {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	1008:        {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	1039:        {Kind: upstream.Throttled, Message: "the vendor limits the tokens of a minute"},
	1042:        {Kind: upstream.Rejected, Message: "the vendor finds too many invisible characters in the text"},
	2013:        {Kind: upstream.Rejected, Message: "the vendor finds the settings invalid"},
	2054:        {Kind: upstream.Rejected, Message: "the vendor does not know the voice"},
	2201:        {Kind: upstream.Dropped, Message: "the vendor ended an idle session"},
	2202:        {Kind: upstream.Rejected, Message: "the vendor does not know the message"},
	codeTooLong: {Kind: upstream.Rejected, Message: "the vendor finds the text too long"},
	codeQueued:  {Kind: upstream.Throttled, Message: "the vendor has too much text waiting"},
	2206:        {Kind: upstream.Rejected, Message: "the vendor did not expect the message"},
}

// failed is what any other error means.
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
	all := upstream.Entries("base_resp.status_code", statusCodes)
	all = append(all, upstream.Entry{Where: "any other error", Meaning: failed})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// frameError is the error of a frame that has one: 0 is a task_failed without a code.
func frameError(f *frame) *upstream.Error {
	err := failed.Error("")
	if code := f.BaseResp.StatusCode; code != 0 {
		meaning, ok := statusCodes[code]
		if !ok {
			meaning = failed
		}
		err = meaning.Error(strconv.Itoa(code))
	}
	err.RequestID = upstream.RequestIDIn(f.TraceID)
	return err
}
