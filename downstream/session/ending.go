package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/coder/websocket"

	"voicerelay/downstream"
	"voicerelay/relay/delivery"
)

// endOf is why a connection is over, in our words.
func endOf(cause error) string {
	code := websocket.CloseStatus(cause)
	switch {
	case code == websocket.StatusNoStatusRcvd:
		return "closed without a code"
	case code >= 0:
		return fmt.Sprintf("closed with %d", code)
	case errors.Is(cause, downstream.ErrDrained):
		return "cut off, since the relay stops"
	case errors.Is(cause, delivery.ErrSilent):
		return "the client was silent, and did not answer pings"
	case errors.Is(cause, websocket.ErrMessageTooBig):
		return "a message was too big"
	case errors.Is(cause, os.ErrDeadlineExceeded), errors.Is(cause, context.DeadlineExceeded):
		return "the client took too long"
	case errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF), errors.Is(cause, net.ErrClosed),
		errors.Is(cause, syscall.ECONNRESET), errors.Is(cause, syscall.EPIPE):
		return "the connection ended without a close frame"
	default:
		return "the connection failed"
	}
}
