package client

import (
	"errors"

	"voicerelay/protocol"
)

var (
	// ErrClosed is of a client that was closed, and of what ran on it then.
	ErrClosed = errors.New("the client is closed")
	// ErrLost is of a speech whose connection broke when it had been heard in part.
	ErrLost = errors.New("the connection was lost")
	// ErrFinished is of text behind the end of the text.
	ErrFinished = errors.New("the text was finished before")
	// ErrEnded is of text for a speech that has ended already.
	ErrEnded = errors.New("the speech has ended")
)

// final reports whether a refused connection will be refused again, so that there is no sense in another try.
func final(err error) bool {
	var refused *protocol.Error
	return errors.As(err, &refused) && !refused.Code.Retryable()
}
