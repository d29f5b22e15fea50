package inworld

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	badKeyInBand  bool // a bad key is told by an error message, rather than by the upgrade's HTTP status
	limited       bool // the account has 20 sockets and 100 contexts a second, rather than any number
	limitInBand   bool // a socket too many is told by an error message, rather than by the upgrade's HTTP status
	errorCloses   bool // an error of no context is followed by a close
	closeCode     int  // of that, and of the close of a socket on which nothing happens
	missingCode   int  // of the status about a voice or a model that there is not
	failureCloses bool // a context that fails has a contextClosed after its status

	cancels      string // cancel_context closes the context, or is a command that the vendor does not know yet
	lateFrames   int    // chunks of audio between a cancel and its contextClosed
	emptyFlush   bool   // a flush of nothing is answered
	closeMarks   bool   // what a close has spoken has its flushCompleted too
	zeroIsUnset  bool   // maxBufferDelayMs 0 stands for its default, rather than for none
	running      bool   // processedCharactersCount is of all the context has had so far, rather than of the chunk
	serial       bool   // contexts speak one after the other
	timesAlone   bool   // with ASYNC times come in chunks of their own behind the audio, rather than with the chunk after theirs
	emptyContent bool   // a chunk of times alone has an empty audioContent, rather than none
	oddChunks    bool   // chunks end in the middle of a sample
	chunk        time.Duration
}

// drawQuirks draws them, the same for the same seed. cancel_context is new, so most servers know it and some may not. Chunks of 40 to
// 220 ms are an assumption.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x696e776f726c64))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		badKeyInBand: flip(), limited: flip(), limitInBand: flip(), errorCloses: flip(),
		closeCode:   engine.OneOf(r, int(websocket.StatusNormalClosure), int(websocket.StatusPolicyViolation), int(websocket.StatusInternalError)),
		missingCode: engine.OneOf(r, invalidArgument, notFound), failureCloses: flip(),
		cancels: engine.OneOf(r, "closes", "closes", "closes", "unknown"), lateFrames: r.IntN(3),
		emptyFlush: flip(), closeMarks: flip(), zeroIsUnset: flip(), running: flip(), serial: flip(),
		timesAlone: flip(), emptyContent: flip(), oddChunks: flip(), chunk: time.Duration(40+20*r.IntN(10)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
