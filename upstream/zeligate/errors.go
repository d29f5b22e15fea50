package zeligate

import (
	"encoding/json"
	"strconv"
	"strings"

	"voicerelay/upstream"
)

// errorCodes are the vendor's identifiers of errors: its HTTP side's status, the types of its validation errors, and
// what the protocol that it mirrors has besides.
var errorCodes = map[string]upstream.Meaning{
	"missing_api_key":       {Kind: upstream.AuthFailed, Message: "the vendor misses the key"},
	"invalid_api_key":       {Kind: upstream.AuthFailed, Message: "the vendor refuses the key"},
	"invalid_output_format": {Kind: upstream.Rejected, Message: "the vendor does not know the format"},
	"voice_not_found":       {Kind: upstream.Rejected, Message: "the vendor does not know the voice"},
	"model_loading":         {Kind: upstream.UpstreamError, Message: "the vendor's model is loading"},

	"missing":      {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	"value_error":  {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	"greater_than": {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},
	"json_invalid": {Kind: upstream.Rejected, Message: "the vendor finds the request invalid"},

	"authentication_required":      {Kind: upstream.AuthFailed, Message: "the vendor misses the key"},
	"quota_exceeded":               {Kind: upstream.NoCredit, Message: "the vendor's account has no credit"},
	"max_character_limit_exceeded": {Kind: upstream.Rejected, Message: "the text is too long for the vendor"},
	"input_timeout_exceeded":       {Kind: upstream.Dropped, Message: "the vendor waited too long for text"},
	"max_active_conversations":     {Kind: upstream.Throttled, Message: "the vendor has no room for another stream"},
	"too_many_concurrent_requests": {Kind: upstream.Throttled, Message: "the vendor has no room for another stream"},
	"system_busy":                  {Kind: upstream.Throttled, Message: "the vendor is busy"},
}

// statuses are the HTTP statuses, of refused handshakes and of errors whose identifier is new or missing.
var statuses = map[int]upstream.Meaning{
	400: errorCodes["value_error"],
	401: errorCodes["invalid_api_key"],
	402: errorCodes["quota_exceeded"],
	403: errorCodes["invalid_api_key"],
	404: errorCodes["voice_not_found"],
	422: errorCodes["value_error"],
	429: errorCodes["too_many_concurrent_requests"],
	503: errorCodes["model_loading"],
}

// closeCodes are what sockets are closed with. The vendor documents none; 1008 is what the protocol that it mirrors
// ends all errors with.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1008: {Kind: upstream.Rejected, Message: "the vendor refuses the stream"},
	1009: {Kind: upstream.Rejected, Message: "the text is too long for the vendor"},
	1011: {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is draining"},
}

// earlyCloseCodes are those that mean something else before the first audio. Of what a vendor can refuse then, the
// text and the settings are checked here first; what is left, the key above all, only an operator mends.
var earlyCloseCodes = map[int]upstream.Meaning{
	1008: {Kind: upstream.AuthFailed, Message: "the vendor refuses the key or the voice"},
}

// refusedKind is what an HTTP status at the handshake means. What the vendor does not document is as HTTP has it.
func refusedKind(status int) upstream.Kind {
	if meaning, ok := statuses[status]; ok {
		return meaning.Kind
	}
	return upstream.RefusedKind(status)
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("status, type or error of an error frame", errorCodes)
	all = append(all, upstream.Entries("code of an error frame, where nothing else says more", statuses)...)
	all = append(all, upstream.Entries("close code before the first audio", earlyCloseCodes)...)
	all = append(all, upstream.Entries("close code", closeCodes)...)
	return append(all, upstream.HandshakeEntries(refusedKind)...)
}

// frameError is the error of an error frame.
func frameError(f *frame) *upstream.Error {
	id, invalid := f.id()
	number, _ := strconv.Atoi(string(f.Code)) // 0, of which nothing is known, where it is no number
	meaning, known := errorCodes[id]
	if !known {
		meaning = unnamed(number, invalid)
	}
	code := id
	if !known && !identifier(id) {
		code = ""
		if number > 0 {
			code = strconv.Itoa(number)
		}
	}
	return meaning.Error(code)
}

// unnamed is what an error means whose identifier is new or missing.
func unnamed(number int, invalid bool) upstream.Meaning {
	if invalid {
		return errorCodes["value_error"]
	}
	if meaning, ok := statuses[number]; ok {
		return meaning
	}
	if meaning, ok := closeCodes[number]; ok {
		return meaning
	}
	return upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
}

// id is the identifier of the error, and whether it is of a list of what is invalid.
func (f *frame) id() (id string, invalid bool) {
	var logical struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(f.Detail, &logical) == nil && logical.Status != "" {
		return logical.Status, false
	}
	var validation []struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(f.Detail, &validation) == nil && len(validation) > 0 {
		return validation[0].Type, true
	}
	_ = json.Unmarshal(f.Error, &id) // stays empty where it is no text
	return id, false
}

// identifier reports whether a code that is not known is one. It has two words at least: free text may tell what must
// not be told, and a single word may be of such.
func identifier(code string) bool {
	return upstream.Identifier(code, upstream.LowerCase) && strings.Contains(strings.Trim(code, "_"), "_")
}

// beforeAudio is what the end of a socket means to a stream that has heard no audio yet.
func beforeAudio(err *upstream.Error) *upstream.Error {
	code, _ := strconv.Atoi(err.Code) // 0 where there was none
	meaning, ok := earlyCloseCodes[code]
	if !ok {
		return err
	}
	return meaning.Error(err.Code)
}
