package elevenlabs

import (
	"encoding/json"
	"strconv"
	"strings"

	"voicerelay/upstream"
)

// What the vendor's errors can mean.
var (
	keyMissing   = upstream.Meaning{Kind: upstream.AuthFailed, Message: "the vendor misses the key"}
	keyRefused   = upstream.Meaning{Kind: upstream.AuthFailed, Message: "the vendor refuses the key"}
	creditSpent  = upstream.Meaning{Kind: upstream.NoCredit, Message: "the vendor's account has no credit"}
	unknownVoice = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor does not know the voice"}
	unknownModel = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor does not know the model"}
	tooLong      = upstream.Meaning{Kind: upstream.Rejected, Message: "the text is too long for the vendor"}
	invalid      = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	noRoom       = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor has no room for another stream"}
	busy         = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor is busy"}
	quiet        = upstream.Meaning{Kind: upstream.Dropped, Message: "the vendor waited too long for text"}
	failed       = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
)

// errorIDs are the identifiers of errors, of the sockets and of the vendor's HTTP side.
var errorIDs = map[string]upstream.Meaning{
	"authentication_required":      keyMissing,
	"missing_api_key":              keyMissing,
	"invalid_api_key":              keyRefused,
	"quota_exceeded":               creditSpent,
	"voice_not_found":              unknownVoice,
	"max_character_limit_exceeded": tooLong,
	"max_active_conversations":     noRoom,
	"too_many_concurrent_requests": noRoom,
	"system_busy":                  busy,
	"input_timeout_exceeded":       quiet,
}

// errorTexts are what to look for in the text of an error or a close whose identifier is none of those, in lower case. The
// first that is found counts, so what is of the account stands before what is of the request.
var errorTexts = []struct {
	part    string
	meaning upstream.Meaning
}{
	{"something went wrong", failed}, // transient, and not charged
	{"quota", creditSpent},
	{"api key", keyRefused},
	{"api_key", keyRefused},
	{"unauthorized", keyRefused},
	{"authenti", keyRefused},
	{"concurren", noRoom},
	{"too many", noRoom},
	{"maximum number", noRoom},
	{"busy", busy},
	{"timeout", quiet},
	{"voice_settings", invalid},
	{"voice", unknownVoice},
	{"model", unknownModel},
	{"too long", tooLong},
	{"character limit", tooLong},
	{"must be", invalid},
	{"invalid", invalid},
}

// searched is how many bytes of an error's text are: the vendor's own words come first, and after them perhaps the
// client's, which must not open a circuit.
const searched = 96

// statuses are the HTTP statuses, of refused handshakes and of errors that say nothing else.
var statuses = map[int]upstream.Meaning{
	400: invalid,
	401: keyRefused,
	402: creditSpent,
	403: keyRefused,
	404: unknownVoice,
	422: invalid,
	429: noRoom,
	500: failed,
	503: busy,
}

// closeCodes are what sockets are closed with. 1008 is nearly every error's, a client's faults and the vendor's own
// among them, and bare it tells nothing of which: it is taken for a fault that reroutes, and trips only if it goes on.
var closeCodes = map[int]upstream.Meaning{
	1000: {Kind: upstream.Dropped, Message: "the vendor closed the connection too early"},
	1001: {Kind: upstream.Dropped, Message: "the vendor went away"},
	1002: {Kind: upstream.UpstreamError, Message: "the vendor refuses to go on"},
	1008: {Kind: upstream.UpstreamError, Message: "the vendor refuses to go on"},
	1009: {Kind: upstream.Rejected, Message: "the text is too long for the vendor"},
	1011: {Kind: upstream.UpstreamError, Message: "the vendor failed"},
	1012: {Kind: upstream.Dropped, Message: "the vendor restarts"},
	1013: {Kind: upstream.ConnectFailed, Message: "the vendor is overloaded"},
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
	all := upstream.Entries("error", errorIDs)
	for _, e := range errorTexts {
		all = append(all, upstream.Entry{Where: "found in message or a close's reason, in this order", Code: e.part, Meaning: e.meaning})
	}
	all = append(all, upstream.Entries("code of an error frame, where nothing else says more", statuses)...)
	all = append(all, upstream.Entries("close code, where nothing else says more", closeCodes)...)
	return append(all, upstream.HandshakeEntries(refusedKind)...)
}

// frameError is the error of an error frame.
func frameError(f *frame) *upstream.Error {
	var id, message string
	_ = json.Unmarshal(f.Error, &id) // stays empty where it is no text
	_ = json.Unmarshal(f.Message, &message)
	number, _ := strconv.Atoi(string(f.Code)) // 0, of which nothing is known, where it is no number
	if meaning, ok := errorIDs[id]; ok {
		return meaning.Error(id)
	}
	code := strconv.Itoa(number)
	switch {
	case identifier(id):
		code = id
	case number <= 0:
		code = ""
	}
	return unnamed(number, message, id).Error(code)
}

// unnamed is what an error means whose identifier is new or missing, by its texts and then by its number.
func unnamed(number int, texts ...string) upstream.Meaning {
	if meaning, ok := found(texts...); ok {
		return meaning
	}
	if meaning, ok := statuses[number]; ok {
		return meaning
	}
	if meaning, ok := closeCodes[number]; ok {
		return meaning
	}
	return failed
}

// found is what the first text means that says anything.
func found(texts ...string) (upstream.Meaning, bool) {
	for _, text := range texts {
		lower := strings.ToLower(text[:min(len(text), searched)])
		for _, e := range errorTexts {
			if strings.Contains(lower, e.part) {
				return e.meaning, true
			}
		}
	}
	return upstream.Meaning{}, false
}

// identifier reports whether a code that is not known is one. It has two words at least: free text may tell what must
// not be told, and a single word may be of such.
func identifier(code string) bool {
	return upstream.Identifier(code, upstream.LowerCase) && strings.Contains(strings.Trim(code, "_"), "_")
}

// closeError is the error of a close, of code -1 where there was none.
func closeError(code int, reason string) *upstream.Error {
	if meaning, ok := found(reason); ok && code >= 0 {
		return meaning.Error(strconv.Itoa(code))
	}
	return upstream.CloseError(closeCodes, code)
}
