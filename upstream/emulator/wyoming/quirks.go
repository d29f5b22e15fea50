package wyoming

import (
	"math/rand/v2"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// quirks is what servers do in different ways, as the seed has drawn it.
type quirks struct {
	inline     bool // an event's data stands in its line, rather than behind it
	unversed   bool // events don't say their version
	streaming  bool // the text of a request may come in chunks
	pongs      bool // pings are answered; wyoming-piper's are not
	pings      bool // clients are pinged before their audio, and need not answer
	restarts   bool // audio-start comes again before each sentence of a request
	timestamps bool // audio bears its time, in milliseconds
	emptyStart bool // a text without words is started before it is stopped, unless it is empty
	samples    int  // of a chunk
	oddChunks  bool // chunks end in the middle of a sample
}

// drawQuirks draws them, the same for the same seed. 1,024 samples a chunk are wyoming-piper's default, which its operator can change.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x77796f6d696e67))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		inline: flip(), unversed: flip(), streaming: flip(), pongs: flip(), pings: flip(), restarts: flip(), timestamps: flip(),
		emptyStart: flip(), samples: engine.OneOf(r, 1024, 512, 4096), oddChunks: flip(),
	}
	if o.Chunk > 0 {
		q.samples = int(audio.Samples(o.Chunk, mediumRate))
	}
	return q
}
