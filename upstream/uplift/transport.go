package uplift

import (
	"net/http"
	"net/url"

	"voicerelay/upstream"
)

// transport is the envelope of messages. It is the same for all sockets, and keeps no state.
type transport interface {
	// address is where to connect.
	address(base *url.URL) (string, http.Header)
	// unwrap takes a message out of a frame.
	unwrap(data []byte) (unwrapped, *upstream.Error)
	// wrap is the frame of a message of that type.
	wrap(kind string, message []byte) []byte
}

// unwrapped is what was in a frame.
type unwrapped struct {
	message []byte // nil: none
	answer  []byte // what the frame wants answered, if anything
}

// plain is the transport without an envelope: a message is a frame.
type plain struct{ key upstream.Secret }

func (p plain) address(base *url.URL) (string, http.Header) {
	u := base.JoinPath("v1", "text-to-speech", "multi-stream")
	return u.String(), http.Header{"Authorization": {"Bearer " + p.key.Reveal()}}
}

func (p plain) unwrap(data []byte) (unwrapped, *upstream.Error) { return unwrapped{message: data}, nil }

func (p plain) wrap(_ string, message []byte) []byte { return message }
