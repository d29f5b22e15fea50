package session

import (
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
)

// Before a key is found nobody's limits hold, so that these bound what such a connection takes.
const (
	maxKeyless      = 64 << 10 // bytes of a first message
	keylessPatience = 10 * time.Second
)

// InnerKey finds the key in the first message of connections that bear none in their handshake, see downstream.Route.KeyInside.
type InnerKey struct {
	find func(message []byte) string
	tell func(*protocol.Error) []byte
	few  *downstream.Keyless
}

// NewInnerKey finds keys by a function, which returns none where there is none. tell is what a client hears whose key is not valid,
// before its connection is closed.
func NewInnerKey(find func(message []byte) string, tell func(*protocol.Error) []byte) *InnerKey {
	return &InnerKey{find: find, tell: tell, few: downstream.NewKeyless()}
}
