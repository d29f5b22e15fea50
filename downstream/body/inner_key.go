package body

import (
	"bytes"
	"io"
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/limits"
)

// Before a key is found nobody's limits hold, so that these bound what such requests take: 4 MiB together.
const (
	maxKeyless    = 64 << 10 // bytes of a body that is read to find a key in it
	keylessAtOnce = 64       // such bodies that are being read
)

// InnerKey finds the key in the body of requests that bear none elsewhere, see downstream.Route.KeyInside.
type InnerKey struct {
	find func(body []byte) string
	gate *limits.Gate
}

// NewInnerKey finds keys by a function, which returns none where there is none.
func NewInnerKey(find func(body []byte) string) *InnerKey {
	return &InnerKey{find: find, gate: limits.NewGate(keylessAtOnce)}
}

// of is the key in a request's body, which is there to be read again. A request without a valid one is refused; nil: so it was.
func (k *InnerKey) of(e Endpoint, w http.ResponseWriter, r *http.Request) *access.Key {
	text, refused := k.read(w, r)
	if refused != nil {
		e.refuse(w, r, nil, refused)
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	key, refused := e.On.Authenticate(r, k.find(text)) // which counts what it refuses
	if refused != nil {
		if refused.Code == protocol.CodeRateLimitExceeded {
			w.Header().Set("Connection", "close") // another guess costs another connection
		}
		e.Refuse(w, refused)
		return nil
	}
	return key
}

// read reads a body, unless too many are being read.
func (k *InnerKey) read(w http.ResponseWriter, r *http.Request) ([]byte, *protocol.Error) {
	leave, ok := k.gate.Acquire()
	if !ok {
		return nil, &protocol.Error{Code: protocol.CodeTooManyConnections, Message: "too many requests whose key is in their body: show it in a header"}
	}
	defer leave()
	return downstream.ReadBody(w, r, maxKeyless)
}
