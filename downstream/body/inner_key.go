package body

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// maxKeyless is how many bytes of a body are read to find a key in it: before that nobody's limits hold.
const maxKeyless = 64 << 10

// InnerKey finds the key in the body of requests that bear none elsewhere, see downstream.Route.KeyInside.
type InnerKey struct {
	find func(body []byte) string
	few  *downstream.Keyless
}

// NewInnerKey finds keys by a function, which returns none where there is none.
func NewInnerKey(find func(body []byte) string) *InnerKey {
	return &InnerKey{find: find, few: downstream.NewKeyless()}
}

// read reads a body, unless too many are being read.
func (k *InnerKey) read(on downstream.Server, w http.ResponseWriter, r *http.Request) ([]byte, *protocol.Error) {
	leave, refused := k.few.Enter(on, r, "in their body")
	if refused != nil {
		return nil, refused
	}
	defer leave()
	return downstream.ReadBody(w, r, maxKeyless)
}
