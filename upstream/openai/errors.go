package openai

import (
	"encoding/json"
	"net/http"
	"strconv"

	"voicerelay/upstream"
)

// What a refusal can mean.
var (
	invalid      = upstream.Meaning{Kind: upstream.Rejected, Message: "the vendor finds the request invalid"}
	unauthorized = upstream.Meaning{Kind: upstream.AuthFailed, Message: "the vendor refuses the key"}
	spent        = upstream.Meaning{Kind: upstream.NoCredit, Message: "the account at the vendor is spent"}
	tooFast      = upstream.Meaning{Kind: upstream.Throttled, Message: "the vendor takes no more requests for now"}
	failed       = upstream.Meaning{Kind: upstream.UpstreamError, Message: "the vendor failed"}
	elsewhere    = upstream.Meaning{Kind: upstream.ConnectFailed, Message: "the vendor is not at this address"}
)

// statuses are what the vendor refuses requests with.
var statuses = map[int]upstream.Meaning{
	http.StatusBadRequest:            invalid,
	http.StatusUnauthorized:          unauthorized,
	http.StatusPaymentRequired:       spent,
	http.StatusForbidden:             unauthorized,
	http.StatusNotFound:              invalid, // the model or the voice; or the address, which a client can't know
	http.StatusMethodNotAllowed:      invalid,
	http.StatusRequestTimeout:        failed,
	http.StatusConflict:              failed,
	http.StatusRequestEntityTooLarge: invalid,
	http.StatusUnsupportedMediaType:  invalid,
	http.StatusUnprocessableEntity:   invalid,
	http.StatusTooManyRequests:       tooFast,
	http.StatusInternalServerError:   failed,
	http.StatusBadGateway:            failed,
	http.StatusServiceUnavailable:    failed, // as while a model is loaded
	http.StatusGatewayTimeout:        failed,
}

// statusMeaning is what any status means.
func statusMeaning(status int) upstream.Meaning {
	if m, ok := statuses[status]; ok {
		return m
	}
	switch {
	case status >= http.StatusInternalServerError:
		return failed
	case status >= http.StatusBadRequest:
		return invalid
	}
	return elsewhere // a redirect
}

// decisive are codes that say more than the status does.
var decisive = map[string]upstream.Meaning{"insufficient_quota": spent}

// unstated are codes and types of failures that have no status: those that come in an answer that began well.
var unstated = map[string]upstream.Meaning{
	"OFFLINE":               failed, // its voices can't be loaded
	"VOICE_NOT_FOUND":       invalid,
	"invalid_api_key":       unauthorized,
	"invalid_request_error": invalid,
	"model_not_found":       invalid,
	"rate_limit_exceeded":   tooFast,
}

// codes lists all tables.
func codes() []upstream.Entry {
	all := upstream.Entries("HTTP status", statuses)
	all = append(all,
		upstream.Entry{Where: "HTTP status", Code: "any other of 5xx", Meaning: failed},
		upstream.Entry{Where: "HTTP status", Code: "any other of 4xx", Meaning: invalid},
		upstream.Entry{Where: "HTTP status", Code: "3xx", Meaning: elsewhere},
	)
	all = append(all, upstream.Entries("code or type, with any status", decisive)...)
	all = append(all, upstream.Entries("code or type, in an answer of status 200", unstated)...)
	return append(all, upstream.Entry{Where: "any other failure in an answer of status 200", Meaning: failed})
}

// refusal is the error of an answer whose status is no success.
func refusal(status int, body []byte) *upstream.Error {
	names := namesOf(body)
	for _, name := range names {
		if m, ok := decisive[name]; ok {
			return m.Error(name)
		}
	}
	m := statusMeaning(status)
	if len(names) > 0 {
		return m.Error(names[0])
	}
	return m.Error(strconv.Itoa(status))
}

// unstatedError is the error of a failure that an answer of status 200 tells.
func unstatedError(body []byte) *upstream.Error {
	names := namesOf(body)
	for _, table := range []map[string]upstream.Meaning{decisive, unstated} {
		for _, name := range names {
			if m, ok := table[name]; ok {
				return m.Error(name)
			}
		}
	}
	if status := statusIn(body); status >= http.StatusBadRequest {
		return statusMeaning(status).Error(strconv.Itoa(status))
	}
	if len(names) > 0 {
		return failed.Error(names[0])
	}
	return failed.Error("")
}

// namesOf are the codes and types by which a body names what failed, the most exact first.
func namesOf(body []byte) []string {
	var f failure
	if json.Unmarshal(body, &f) != nil {
		return nil
	}
	var envelope, detail detailed
	_ = json.Unmarshal(f.Error, &envelope) // stays empty where it is a text
	if json.Unmarshal(f.Detail, &detail) != nil {
		var list []detailed
		if json.Unmarshal(f.Detail, &list) == nil && len(list) > 0 {
			detail = list[0]
		}
	}
	var names []string
	for _, raw := range []json.RawMessage{
		envelope.Code, detail.Code, detail.Error, f.Code, envelope.Type, detail.Type, f.Type,
	} {
		var name string
		if json.Unmarshal(raw, &name) == nil && upstream.Identifier(name, upstream.LowerCase+upstream.UpperCase) {
			names = append(names, name)
		}
	}
	return names
}

// statusIn is the status that a body has for its failure; 0: none.
func statusIn(body []byte) (status int) {
	var f failure
	var envelope named
	if json.Unmarshal(body, &f) != nil {
		return 0
	}
	_ = json.Unmarshal(f.Error, &envelope) // stays empty where it is a text
	for _, raw := range []json.RawMessage{envelope.Code, f.Code} {
		if json.Unmarshal(raw, &status) == nil && status != 0 {
			return status
		}
	}
	return 0
}
