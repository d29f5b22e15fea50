package fish

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	keyAtUpgrade bool   // a bad key is told by HTTP status 401, rather than by an error
	limit        string // one session too many is refused: none is, upgrade (HTTP status 429) or start (by an error)
	refusal      string // a bad request is told by error, or by finish with the reason error
	closeCode    int    // of the close after finish, and of all others
	idleSeconds  int    // without a message in either direction, after which the socket is closed; 0: never

	startAgain     string // a second start: ignored, or error
	ignoresUnknown bool   // an event that is not known is not answered
	splits         bool   // a flush of several sentences is a chunk each

	firstChunk  int    // the first chunk_seq
	trimmed     bool   // content has no white space at its ends
	alignment   string // which frames have one: growing (each), whole (the first), last, or behind (a frame without audio, after the last)
	corrects    bool   // the first alignment of a chunk is a little off, and a later one corrects it
	emptyFrames bool   // a chunk begins with a frame without audio

	chunk     time.Duration
	oddChunks bool // frames end in the middle of a sample
}

// drawQuirks draws them, the same for the same seed. No idle limit is documented; clients throw sockets away after five minutes.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x66697368))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		keyAtUpgrade: flip(), limit: engine.OneOf(r, "none", "upgrade", "start"), refusal: engine.OneOf(r, "error", "finish"),
		closeCode:   engine.OneOf(r, int(websocket.StatusNormalClosure), int(websocket.StatusGoingAway)),
		idleSeconds: engine.OneOf(r, 0, 60, 300),
		startAgain:  engine.OneOf(r, "ignored", "error"), ignoresUnknown: flip(), splits: flip(),
		firstChunk: r.IntN(2), trimmed: flip(), alignment: engine.OneOf(r, "growing", "whole", "last", "behind"), corrects: flip(), emptyFrames: flip(),
		chunk: time.Duration(20+20*r.IntN(10)) * time.Millisecond, oddChunks: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
