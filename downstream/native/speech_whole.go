package native

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/relay"
)

// maxWhole bounds the audio of one answer that waits in memory for its end, since its client asked for its length: it is eleven
// minutes in the default format.
const maxWhole = 32 << 20

// keep has what is pending wait for the end. An answer that grows too large is refused.
func (a *answer) keep(ctx context.Context) error {
	grown := int64(len(a.pending)) - a.kept
	a.kept += grown
	fits := a.speech.srv.KeepWhole(grown)
	switch {
	case a.kept > maxWhole:
		return &protocol.Error{
			Code: protocol.CodeTextTooLong, Param: "length",
			Message: fmt.Sprintf("over %d bytes of audio, which is the most with length=known", maxWhole),
		}
	case !fits:
		return &protocol.Error{
			Code: protocol.CodeTooManyGenerations, Param: "length",
			Message: "too much audio waits in this relay for its length to be known",
		}
	}
	return a.extend(ctx)
}

// releasedAt gives back what keep has counted.
func (a *answer) letGo() { a.speech.srv.KeepWhole(-a.kept) }

// sendWhole sends all of it, with what is otherwise known at the end only.
func (a *answer) sendWhole(ctx context.Context, done protocol.Done) error {
	if done.Reason != string(relay.Completed) {
		return errBrokenOff // its client is gone
	}
	if a.isWAV() {
		audio.SetWAVLength(a.pending)
	}
	a.begun = true
	a.describe()
	a.tellEnd(done)
	a.w.Header().Set("Content-Length", strconv.Itoa(len(a.pending)))
	a.w.WriteHeader(http.StatusOK)
	return a.flush(ctx)
}
