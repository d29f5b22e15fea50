package relay

import (
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/rs/zerolog"

	"voicerelay/relay/refusals"
)

// refusal is what a client is told of what refuses its generation. What is not known as a refusal is a fault of ours, which the log has
// under the id in the message.
func (e *Engine) refusal(err error) *refusals.Error {
	if known := refusals.Of(err); known != nil {
		return known
	}
	var stopped *StopCause
	if errors.As(err, &stopped) && stopped.err != nil {
		return stopped.err
	}
	return e.Internal(e.log, "request not decided", err)
}

// maxStack bounds what is logged of where a fault of ours was found, in bytes: some twenty calls.
const maxStack = 4 << 10

// Internal logs a fault of ours and returns what the client is told of it: an id that stands in the log.
func (e *Engine) Internal(log zerolog.Logger, what string, fault any) *refusals.Error {
	id := rand.Text()[:10]
	stack := debug.Stack()
	log.Error().Str("fault_id", id).Str("fault", fmt.Sprint(fault)).Bytes("stack", stack[:min(len(stack), maxStack)]).Msg(what)
	return &refusals.Error{Code: refusals.CodeInternal, Message: "a fault of the relay, logged as " + id}
}
