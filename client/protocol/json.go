package protocol

import (
	"bytes"
	"encoding/json"
)

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
