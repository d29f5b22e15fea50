package rime

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	authInContext bool // a bad key is told by the first context's error (on /ws3 by an error), rather than by HTTP status 401
	idleSeconds   int  // without a message of the client, after which the socket is closed; 0: never
	closeCode     int  // of that close, and of those after what can't be decoded and after a bad key
	maxText       int  // characters of a text; 0: any number

	// Of v1 alone.
	contexts      int    // at once, above which one more is refused by resource_exhausted; 0: any number
	startedLate   bool   // started comes with the first text, rather than at once
	cancelUnknown bool   // the cancel of a context that there is not is answered by cancelled
	lateFrames    int    // chunks between a cancel and its cancelled
	times         string // of a context that asks for them: spans, or none (this build has no aligner)
	requestNamed  bool   // errors have the requestId of their context

	// Of /ws3 alone.
	words       string // when word times come: before, among or after their synthesis
	tag         string // chunks bear the contextId that came last when they are sent, or when their text was ordered: sent, ordered
	emptyFlush  bool   // a flush of nothing is answered by done
	clearsAll   bool   // clear drops syntheses that are ordered and have not begun, too
	errorCloses bool   // an error is followed by a close

	chunk     time.Duration
	oddChunks bool // chunks end in the middle of a sample: one of Rime's own example does
}

// drawQuirks draws them, the same for the same seed. No idle limit, no number of contexts and no length of a text is known.
// Clients throw sockets away after five minutes, so that may be a limit. Chunks of 20 to 200 ms are an assumption.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x72696d65))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authInContext: flip(),
		idleSeconds:   engine.OneOf(r, 0, 60, 300),
		closeCode:     engine.OneOf(r, int(websocket.StatusNormalClosure), int(websocket.StatusGoingAway), int(websocket.StatusPolicyViolation)),
		maxText:       engine.OneOf(r, 0, 2000),
		contexts:      engine.OneOf(r, 0, 16), startedLate: flip(), cancelUnknown: flip(), lateFrames: r.IntN(3),
		times: engine.OneOf(r, "spans", "none"), requestNamed: flip(),
		words: engine.OneOf(r, "before", "among", "after"), tag: engine.OneOf(r, "sent", "ordered"),
		emptyFlush: flip(), clearsAll: flip(), errorCloses: flip(),
		chunk: time.Duration(20+20*r.IntN(10)) * time.Millisecond, oddChunks: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
