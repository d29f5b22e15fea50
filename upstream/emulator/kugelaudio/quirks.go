package kugelaudio

import (
	"math/rand/v2"
	"net/http"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it. What the vendor's SDK or the services of LiveKit and Pipecat
// settle is not among them.
type quirks struct {
	authStatus          int           // HTTP status that refuses a bad key
	authByClose         bool          // a bad key is accepted and closed with 4001, rather than refused with 403
	wordsFirst          bool          // word times come before the audio that they describe
	idxPerChunk         bool          // idx starts again with each chunk
	interruptedNames    bool          // interrupted has the context_id
	usageAfterImmediate bool          // context_closed has usage after an immediate close too
	oneFinal            bool          // a flush whose text is closed right after it has no final of its own
	lateFrames          int           // audio frames that follow a close or cancel
	chunk               time.Duration // audio of a frame
	errorIDs            bool          // an error has a request_id
}

// drawQuirks draws them, the same for the same seed. Late frames are 0 to 2 and a frame lasts 100 to 250 ms: the reference
// shows frames of 200 ms and promises no size.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x6b7567656c))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authStatus:  []int{http.StatusUnauthorized, http.StatusForbidden}[r.IntN(2)],
		authByClose: flip(), wordsFirst: flip(), idxPerChunk: flip(), interruptedNames: flip(), usageAfterImmediate: flip(),
		oneFinal:   flip(),
		lateFrames: r.IntN(3), chunk: time.Duration(100+10*r.IntN(16)) * time.Millisecond,
	}
	q.errorIDs = flip()
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
