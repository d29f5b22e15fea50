package upstream

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// longestRequestID is longer than any id that a vendor documents, and short enough for a line of a log.
const longestRequestID = 128

// RequestID is a vendor's name of something that it was asked for, by which its support finds that. It is empty where the
// name is too long, or has anything but visible ASCII: a vendor may send what it likes, and ids go into logs, records and
// terminals. It is not cut, since half an id finds nothing.
func RequestID(id string) string {
	odd := strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
	if odd || len(id) > longestRequestID {
		return ""
	}
	return id
}

// RequestIDIn is RequestID of a member of a frame; empty where that is no text.
func RequestIDIn(raw json.RawMessage) string {
	var id string
	_ = json.Unmarshal(raw, &id) // stays empty where it is none
	return RequestID(id)
}

// RequestIDHeader is RequestID of a header of an answer, which may be nil; empty where the vendor has no such header.
func RequestIDHeader(answer *http.Response, header string) string {
	if answer == nil || header == "" {
		return ""
	}
	return RequestID(answer.Header.Get(header))
}

// JoinRequestIDs is the id of a stream on a connection that the vendor has named as well: CONNECTION/STREAM. Where they are
// too long together, or one is empty, it is the more exact one that there is.
func JoinRequestIDs(connection, stream string) string {
	if connection == "" || stream == "" {
		return RequestID(connection + stream)
	}
	if both := RequestID(connection + "/" + stream); both != "" {
		return both
	}
	return RequestID(stream)
}

// RequestIDOf is the id that the vendor gave with an error; empty where it gave none.
func RequestIDOf(err error) string {
	if err == nil {
		return "" // as a rule; what follows allocates
	}
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.RequestID
}
