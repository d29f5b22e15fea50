package body

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

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

// read reads a body, unless too many are being read.
func (k *InnerKey) read(w http.ResponseWriter, r *http.Request) ([]byte, *protocol.Error) {
	leave, ok := k.gate.Acquire()
	if !ok {
		return nil, &protocol.Error{Code: protocol.CodeTooManyConnections, Message: "too many requests whose key is in their body: show it in a header"}
	}
	defer leave()
	return downstream.ReadBody(w, r, maxKeyless)
}
