package together

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	authInBand    bool // a bad key is told by the first message, rather than by HTTP status 401
	refusalCloses bool // a first message that refuses is followed by a close
	idleSeconds   int  // without a word in either direction, after which the socket is closed; 0: never
	idleCode      int  // that close's code
	pingsCount    bool // a WebSocket ping is such a word

	echo            string // whose context is named by what is sent: none, named (those that the client named) or all
	echoAck         bool   // the acknowledgment of a text names it too
	contextsFreed   bool   // of the 100 contexts, one that has spoken and has nothing left makes room for another
	overflowEvent   bool   // the context beyond is refused by the error event, rather than by tts.failed
	serial          bool   // contexts speak one after the other
	cancelUnknown   bool   // the cancel of a context that is not known is confirmed
	lateFrames      int    // deltas that follow a cancel
	lateDone        bool   // and a done of the item after them
	itemsPerContext bool   // item_id counts by context, so that it is not unique

	joinsWithSpace bool   // texts that meet without white space are joined by a space
	splitsCommits  bool   // a commit speaks each sentence as an item of its own, whatever the segment
	partialAlways  bool   // max_partial_length forces speech also where segment is never
	emptyCommit    string // a commit of nothing: nothing or done; Pipecat sends one after each turn, and takes a failure for its own
	unspeakable    string // an item without a letter: nothing, done or failed
	clearsQueued   bool   // a clear drops committed items that have not begun

	updatedSent    bool   // session.updated answers a change of the settings
	cartesia       bool   // cartesia/sonic-english works over the socket
	foreignVoice   string // a voice of another model: spoken or failed
	normalizes     bool   // numbers are spoken as words
	ignoresUnknown bool   // a message of an unknown type is not answered
	errorFlat      bool   // the error event has its message at its top
	nullCode       bool   // errors whose code is not documented have none

	words         string        // when word times come: before, among or after their item's audio
	wordsContinue bool          // they count from the context's first sample, rather than from the item's
	riff          string        // where an item begins with a RIFF header: asked (for wav), default (also unless pcm is asked for) or always
	riffAlone     bool          // that header has a delta of its own
	riffUnsized   bool          // and says 0 for the length, rather than the highest number
	oddChunks     bool          // deltas end in the middle of a sample
	chunk         time.Duration // audio of a delta
}

// drawQuirks draws them, the same for the same seed. Idle limits of 30 and 60 s are around what clients guard against, and the
// close codes are those that servers use for it.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x746f676574686572))
	flip := func() bool { return r.IntN(2) == 1 }
	of := func(settings ...string) string { return settings[r.IntN(len(settings))] }
	q := quirks{
		authInBand: flip(), refusalCloses: flip(), pingsCount: flip(),
		idleSeconds: []int{0, 30, 60}[r.IntN(3)],
		idleCode:    []int{int(websocket.StatusNormalClosure), int(websocket.StatusGoingAway), int(websocket.StatusPolicyViolation)}[r.IntN(3)],
		echo:        of("none", "named", "all"), echoAck: flip(),
		contextsFreed: flip(), overflowEvent: flip(), serial: flip(), cancelUnknown: flip(),
		lateFrames: r.IntN(3), lateDone: flip(), itemsPerContext: flip(),
		joinsWithSpace: flip(), splitsCommits: flip(), partialAlways: flip(),
		emptyCommit: of("nothing", "done"), unspeakable: of("nothing", "done", "failed"), clearsQueued: flip(),
		updatedSent: flip(), cartesia: flip(), foreignVoice: of("spoken", "failed"), normalizes: flip(),
		ignoresUnknown: flip(), errorFlat: flip(), nullCode: flip(),
		words: of("before", "among", "after"), wordsContinue: flip(),
		riff: of("asked", "default", "always"), riffAlone: flip(), riffUnsized: flip(),
		oddChunks: flip(), chunk: time.Duration(20+20*r.IntN(10)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
