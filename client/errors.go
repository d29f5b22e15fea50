package client

import (
	"errors"
	"fmt"

	"github.com/voicerelay/voicerelay/client/protocol"
)

var (
	// ErrClosed is of a client that was closed, and of what ran on it then.
	ErrClosed = errors.New("the client is closed")
	// ErrLost is of a speech whose connection broke when it had been heard in part, or again and again before.
	ErrLost = errors.New("the connection was lost")
	// ErrUnreachable is of a relay that can't be connected to, and of what waited for it in vain. One that refused the
	// connection said so by a *protocol.Error.
	ErrUnreachable = errors.New("no relay can be reached")
	// ErrOverrun is of a speech of which more came than is kept for its range: see Config.Backlog and Config.Unheard.
	ErrOverrun = errors.New("more audio came than is kept for who listens")
	// ErrFinished is of text after the end of the text.
	ErrFinished = errors.New("the text was finished before")
	// ErrEnded is of text for a speech that has ended already.
	ErrEnded = errors.New("the speech has ended")
)

// errUnheard is how the range of a speech ends that began too late.
var errUnheard = fmt.Errorf("%w: nobody has listened from its beginning", ErrOverrun)

// errUnsent is how a speech ends that was canceled before it had a connection.
var errUnsent = errors.New("canceled before it was sent")

func textTooLong(most int) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeTextTooLong, Param: "text", Message: fmt.Sprintf("over %d bytes in one message", most)}
}
