package protocol

import (
	"bytes"
	"encoding/json"
)

// Encode is the event as a message. Events hold nothing that JSON has no form for, with one exception: a float
// that is no number, or provider options that are not JSON. Those are a defect of the caller, which the client is
// told of by an error in the message's place.
func Encode(e Event) []byte {
	kind, fields := e.wire()
	body, err := marshal(fields)
	if err != nil {
		return Encode(&Error{Code: CodeInternal, Message: "a message of type " + kind + " could not be encoded"})
	}
	return withType(kind, body)
}

// withType is an encoded object with its type in front.
func withType(kind string, body []byte) []byte {
	msg := make([]byte, 0, len(`{"type":"",`)+len(kind)+len(body))
	msg = append(msg, `{"type":"`...)
	msg = append(msg, kind...)
	msg = append(msg, '"')
	if len(body) > len("{}") {
		msg = append(msg, ',')
	}
	return append(msg, body[1:]...)
}

// marshal is json.Marshal but for <, > and &, which stay as they are: no message is ever part of a page.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

// list is s, but never nil: an empty list is [] on the wire.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
