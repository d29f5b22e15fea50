package uplift

import (
	"net/http"
	"net/url"

	"voicerelay/upstream"
)

// plain is the transport without an envelope: a message is a frame.
type plain struct{ key upstream.Secret }

func (p plain) address(base *url.URL) (string, http.Header) {
	u := base.JoinPath("v1", "text-to-speech", "multi-stream")
	return u.String(), http.Header{"Authorization": {"Bearer " + p.key.Reveal()}}
}

func (p plain) unwrap(data []byte) (unwrapped, *upstream.Error) { return unwrapped{message: data}, nil }

func (p plain) wrap(_ string, message []byte) []byte { return message }
