package delivery

import "github.com/coder/websocket"

// Close codes of the protocol.
const (
	CloseDrained = websocket.StatusGoingAway               // 1001
	CloseBinary  = websocket.StatusUnsupportedData         // 1003
	CloseNotUTF8 = websocket.StatusInvalidFramePayloadData // 1007
	ClosePolicy  = websocket.StatusPolicyViolation         // 1008
	closeIdle    = websocket.StatusCode(4408)
)

// closeFrame is how a connection is closed.
type closeFrame struct {
	code   websocket.StatusCode
	reason string
}
