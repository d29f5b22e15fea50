package session

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"voicerelay/downstream"
	"voicerelay/relay/delivery"
)

// What ends a connection reaches the log in our words, and a client's own not at all.
func TestTheEndOfAConnectionIsToldInOurWords(t *testing.T) {
	for want, cause := range map[string]error{
		"closed with 1000":                                errors.Join(delivery.ErrSessionOver, fmt.Errorf("read: %w", websocket.CloseError{Code: 1000, Reason: "bye, Ms. Miller"})),
		"closed without a code":                           websocket.CloseError{Code: websocket.StatusNoStatusRcvd},
		"cut off, since the relay stops":                  downstream.ErrDrained,
		"the client was silent, and did not answer pings": delivery.ErrSilent,
		"a message was too big":                           fmt.Errorf("read: %w", websocket.ErrMessageTooBig),
		"the client took too long":                        &net.OpError{Op: "write", Err: os.ErrDeadlineExceeded},
		"the connection ended without a close frame":      &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"the connection failed":                           errors.New("what"),
	} {
		if got := endOf(cause); got != want {
			t.Errorf("%v: got %q, want %q", cause, got, want)
		}
	}
	if got := endOf(fmt.Errorf("read: %w", io.EOF)); got != "the connection ended without a close frame" {
		t.Errorf("got %q", got)
	}
}
