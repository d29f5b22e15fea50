package cartesia

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	refusesInBand bool // a bad key is told by an error event, rather than by the handshake's HTTP status
	strictVersion bool // a connection without a version is refused
	limited       bool // the account has the largest plan's places, rather than any number
	idleCode      int  // of the close after five minutes

	strictSettings bool   // a voice, model, language or format that changes within a context is an error
	splits         bool   // what is gathered is spoken sentence by sentence as they come, before its delay is over
	flushIDs       string // that are on chunks: always, or from the first flush on
	flushNames     string // flush_done has the id of the chunks before it, or of those after
	flushEach      bool   // without a delay, each transcript has a flush_done
	expiryDone     bool   // a context that expires is told by done
	errorDone      bool   // an error of the old kind has done, as the new ones have

	cancelUnknown string // the cancel of no context: nothing or error

	words     string        // when times come: before, among or after their audio
	tags      bool          // tags are among the words
	serial    bool          // contexts speak one after the other
	chunk     time.Duration // audio of a chunk
	oddChunks bool          // chunks end in the middle of a sample
}

// drawQuirks draws them, the same for the same seed. Chunks of 40 to 220 ms: the docs promise no size.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x6361727465736961))
	flip := func() bool { return r.IntN(2) == 1 }
	of := func(settings ...string) string { return settings[r.IntN(len(settings))] }
	q := quirks{
		refusesInBand: flip(), strictVersion: flip(), limited: flip(),
		idleCode:       []int{int(websocket.StatusNormalClosure), int(websocket.StatusGoingAway), int(websocket.StatusPolicyViolation)}[r.IntN(3)],
		strictSettings: flip(), splits: flip(), flushIDs: of("always", "flushed"), flushNames: of("before", "after"),
		flushEach: flip(), expiryDone: flip(), errorDone: flip(),
		cancelUnknown: of("nothing", "error"),
		words:         of("before", "among", "after"), tags: flip(), serial: flip(),
		chunk: time.Duration(40+20*r.IntN(10)) * time.Millisecond, oddChunks: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
