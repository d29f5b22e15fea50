package together

import (
	"encoding/json"
	"net/http"

	"voicerelay/upstream"
)

// errorCodes are the vendor's codes.
var errorCodes = map[string]upstream.Meaning{
	"invalid_api_key":     {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	"missing_api_key":     {Kind: upstream.AuthFailed, Message: "the vendor misses a key"},
	"model_not_available": {Kind: upstream.Rejected, Message: "the vendor does not have the model, or not for this account"},
}

// errorTypes are for codes that are not documented, as those for text that the vendor does not speak.
var errorTypes = map[string]upstream.Meaning{
	"invalid_request_error": {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
}

// failed is what any other error means, since no code for an overload or a fault of the vendor's is documented.
var failed = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}

// closeCodes are the usual ones: the vendor documents none.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1011: {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor takes no connections for now"},
}

// refusedKind is what an HTTP status at the handshake means: as HTTP has it, and 400 a setting that the vendor does not take.
func refusedKind(status int) upstream.Kind {
	if status == http.StatusBadRequest {
		return upstream.Rejected
	}
	return upstream.RefusedKind(status)
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("error.code", errorCodes)
	all = append(all, upstream.Entries("error.type, where error.code says nothing", errorTypes)...)
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(refusedKind)...)
}

// failure is what an error frame has below `error`. Either may be missing, or of another type than it should.
type failure struct {
	Type any `json:"type"`
	Code any `json:"code"`
}

// frameError is the error of an error frame. Where its `error` can't be read there is nothing to look up.
func frameError(raw json.RawMessage) *upstream.Error {
	var f failure
	_ = json.Unmarshal(raw, &f)
	code, _ := f.Code.(string)
	kind, _ := f.Type.(string)
	meaning, ok := errorCodes[code]
	if !ok {
		meaning, ok = errorTypes[kind]
	}
	if !ok {
		meaning = failed
	}
	if !upstream.Identifier(code, upstream.LowerCase) {
		code = ""
	}
	return meaning.Error(code)
}
