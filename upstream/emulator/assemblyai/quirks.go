package assemblyai

import (
	"math/rand/v2"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	limited        bool   // the account has sixty new sessions a minute, rather than any number
	idleTells      string // how a session ends on which nothing happens: by an error 3008, or by Termination
	early          int    // whole sentences that are spoken before their Flush; 0: none
	lateFrames     int    // messages of audio between a Cancel and its Cancelled
	billsCancelled bool   // a request that is being spoken is charged though it is cancelled
	closesMarked   bool   // what Terminate has spoken has a FlushDone of its own
	wordsLate      bool   // WordBoundaries come after the next request's first audio, or after a while, rather than right after FlushDone
	wordsEnglish   bool   // word boundaries are for English alone
	oddChunks      bool   // messages end in the middle of a sample
	chunk          time.Duration
}

// drawQuirks draws them, the same for the same seed. The docs say about 80 ms of audio a message.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x617373656d626c79))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		limited: flip(), idleTells: engine.OneOf(r, "error", "termination"), early: engine.OneOf(r, 0, 1, 2), lateFrames: r.IntN(3),
		billsCancelled: flip(), closesMarked: flip(), wordsLate: flip(), wordsEnglish: flip(), oddChunks: flip(),
		chunk: time.Duration(engine.OneOf(r, 60, 80, 100)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
