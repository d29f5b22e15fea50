package cartesia

import (
	"strconv"

	"voicerelay/upstream"
)

// errorCodes are those of an error frame that the vendor documents.
var errorCodes = map[string]upstream.Meaning{
	"model_not_found":     {Kind: upstream.Rejected, Message: "the vendor does not know the model"},
	"concurrency_limited": {Kind: upstream.Throttled, Message: "the vendor's account has too many contexts at once"},
}

// statusCodes are an error frame's where its code is not in the table; they are as HTTP has them.
var statusCodes = map[int]upstream.Meaning{
	400: {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	401: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	402: {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	403: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	404: {Kind: upstream.Rejected, Message: "the vendor does not know the voice or the model"},
	408: {Kind: upstream.UpstreamError, Message: "the vendor gave up waiting"},
	422: {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	429: {Kind: upstream.Throttled, Message: "the vendor limits the rate"},
	500: failed,
	503: {Kind: upstream.UpstreamError, Message: "the vendor is overloaded"},
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
	all := upstream.Entries("error_code", errorCodes)
	all = append(all, upstream.Entries("status_code of any other error", statusCodes)...)
	all = append(all, upstream.Entry{Where: "any other error", Meaning: failed})
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(upstream.RefusedKind)...)
}

// frameError is the error of an error frame.
func frameError(f *frame) *upstream.Error {
	err := f.meaning()
	err.RequestID = upstream.RequestIDIn(f.RequestID)
	return err
}

// meaning looks the code up, and then the status.
func (f *frame) meaning() *upstream.Error {
	if meaning, ok := errorCodes[f.ErrorCode]; ok {
		return meaning.Error(f.ErrorCode)
	}
	if f.StatusCode == 0 {
		return failed.Error("")
	}
	if meaning, ok := statusCodes[f.StatusCode]; ok {
		return meaning.Error(strconv.Itoa(f.StatusCode))
	}
	return failed.Error(strconv.Itoa(f.StatusCode))
}
