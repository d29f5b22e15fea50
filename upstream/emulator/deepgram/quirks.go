package deepgram

import (
	"math/rand/v2"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	metadata      string // when Metadata comes: at the connection, or before the first audio
	firstSequence int    // the first sequence_id
	oneSequence   bool   // Flushed and Cleared count together
	unasked       bool   // whole sentences are spoken before a Flush
	emptyFlush    bool   // a Flush of nothing is answered
	clearFlushed  bool   // a Flush that a Clear overtakes is answered, before Cleared
	staleFrames   int    // of audio between a Clear and its Cleared
	warning       string // the field with a Warning's text: description, warn_msg or both
	errorCloses   bool   // the socket is closed after an Error
	maxText       int    // characters of a Speak; 0: any number
	idle          int    // seconds without a message, after which the socket is closed; 0: for ever
	chunk         time.Duration
	oddChunks     bool // frames end in the middle of a sample

	// Of Flux alone.
	flushedAt  string // when a Flush is acknowledged: at once, or before or after its SpeechMetadata
	billsSpace bool   // white space around what is spoken at once is billed too
}

// drawQuirks draws them, the same for the same seed. Frames of 20 to 200 ms, and 2,000 characters as a limit of Speak, are
// assumptions.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x6465657067))
	flip := func() bool { return r.IntN(2) == 1 }
	of := func(settings ...string) string { return settings[r.IntN(len(settings))] }
	q := quirks{
		metadata: of("connect", "audio"), firstSequence: r.IntN(2), oneSequence: flip(), unasked: flip(), emptyFlush: flip(),
		clearFlushed: flip(), staleFrames: r.IntN(3), warning: of("description", "warn_msg", "both"), errorCloses: flip(),
		maxText: []int{0, 2000}[r.IntN(2)], idle: []int{0, 60}[r.IntN(2)],
		chunk: time.Duration(20+20*r.IntN(10)) * time.Millisecond, oddChunks: flip(),
		flushedAt: of("once", "before", "after"), billsSpace: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
