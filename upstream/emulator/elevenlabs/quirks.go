package elevenlabs

import (
	"math/rand/v2"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, or tells in two ways, as the seed has drawn it.
type quirks struct {
	authBy            string        // how a bad key is refused: by the upgrade's status, or at the first message by an error, or by a close alone
	contextTwice      bool          // a frame names its context as context_id too, besides contextId
	finalKey          string        // of a context's end: isFinal, or is_final besides
	nullAudio         bool          // the final frame has an audio too, which is null
	falseFinal        bool          // isFinal is false rather than null until then
	errorNamesContext bool          // an error frame names the context that it came of
	flushDone         bool          // a flush is followed by a frame that is not of the protocol
	idle              string        // what ends a context that nothing is said to: its final frame, or an error, which ends the socket
	closeKeeps        string        // of a context that is closed: what was flushed, what is in the works too, or all
	closeUnknown      bool          // close_context of no context is answered by a final frame
	lateChunks        int           // that follow the close of a context whose speech stops
	serial            bool          // a socket's contexts are spoken one at a time
	clamps            bool          // settings out of their range are drawn into it rather than refused
	morePCM           bool          // pcm_32000 and pcm_48000 are taken
	oddChunks         bool          // frames end in the middle of a sample
	chunk             time.Duration // audio of a frame

	alignUnasked bool // alignments come without sync_alignment too, as of a whole segment
	alignWhole   bool // a segment's alignment comes with its first frame; else each frame has its own
	leadingSpace bool // a segment's first character is a space that the client has not sent

	// Of the dialogue's sockets alone.
	emptyTurn bool // a flush of nothing is the end of a turn too
	turnMarks bool // so is a new_turn, without a flush
	turnAtEnd bool // so is close_socket, before the final frame
}

func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x656c6576656e))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authBy:       engine.OneOf(r, "status", "error", "close"),
		contextTwice: flip(),
		finalKey:     engine.OneOf(r, "isFinal", "both"),
		nullAudio:    flip(), falseFinal: flip(), errorNamesContext: flip(), flushDone: flip(),
		idle:         engine.OneOf(r, "final", "error"),
		closeKeeps:   engine.OneOf(r, "flushed", "begun", "all"),
		closeUnknown: flip(), lateChunks: r.IntN(3), serial: flip(), clamps: flip(), morePCM: flip(), oddChunks: flip(),
		chunk:        time.Duration(100+10*r.IntN(16)) * time.Millisecond,
		alignUnasked: flip(), alignWhole: flip(), leadingSpace: flip(),
		emptyTurn: flip(), turnMarks: flip(), turnAtEnd: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
