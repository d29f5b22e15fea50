package zeligate

import (
	"context"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// tell tells an error in the drawn way and returns how the socket ends.
// Flat errors close with 1008 and the text as the reason, as ElevenLabs does; for the other two nothing is documented.
func (z *emulator) tell(conn *websocket.Conn, e *failure) endReason {
	switch z.quirks.telling {
	case tellFlat:
		engine.Send(conn, e.flat())
		return endReason{code: websocket.StatusPolicyViolation, reason: e.text}
	case tellDetail:
		engine.Send(conn, e.detail())
		if z.quirks.staysOpen {
			return endReason{}
		}
	}
	return endReason{code: websocket.StatusCode(z.quirks.closeCode)}
}

// endReason is how the server ends a socket.
type endReason struct {
	code   websocket.StatusCode // 0: the socket is left to the client
	reason string
	broken bool // the connection breaks
}

// apply ends the socket. Where the client does not answer the close, ctx's end does.
func (e endReason) apply(ctx context.Context, conn *websocket.Conn) {
	switch {
	case ctx.Err() != nil:
	case e.broken:
		_ = conn.CloseNow() // that is the fault
	case e.code != 0:
		_ = conn.Close(e.code, e.reason) // the client may have gone
	}
}
