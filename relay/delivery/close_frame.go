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

// idleCode closes a connection that is not used.
func (c *Conn) idleCode() websocket.StatusCode {
	if c.cfg.PlainCodes {
		return websocket.StatusNormalClosure
	}
	return closeIdle
}

// unreadCode closes a connection whose client takes nothing.
func (c *Conn) unreadCode() websocket.StatusCode {
	if c.cfg.PlainCodes {
		return websocket.StatusGoingAway
	}
	return ClosePolicy
}

// closeFrame is how a connection is closed.
type closeFrame struct {
	code   websocket.StatusCode
	reason string
}
