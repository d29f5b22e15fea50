package minimax

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	badKey        string // where a bad key is told: upgrade (HTTP status 401), first (in place of connected_success) or start
	sentenceEarly bool   // the first sentence_start comes before task_started, with which nothing orders it
	closeCode     int    // of the close after an error
	finishCode    int    // of the close after task_finished

	failCloses    bool   // the socket is closed after task_failed, rather than left to the client
	unknownCloses bool   // and after an event that is not known
	skipEvent     string // the event that tells that a text is skipped: task_failed or task_continued
	queue         int    // characters that may wait, above which a text is skipped

	extra       string // the frames with extra_info: final or every
	finalAlone  bool   // the frame with is_final has no audio, and its data is null
	emptyFrames bool   // a synthesis begins with a frame whose data is null
	lateFrames  int    // of audio between a cancel and its answer
	cancelFlush bool   // a flush that a cancel overtakes is answered, before the cancel
	enough      int    // characters that are spoken without a flush at a comma, or after a silence
	most        int    // characters that are spoken without any mark
	silence     time.Duration
	backstop    time.Duration // after which anything is spoken
	chunk       time.Duration
	oddChunks   bool // frames end in the middle of a sample
}

// drawQuirks draws them, the same for the same seed. The docs say that text is spoken at a comma once enough is there, at a cap
// without any mark, and after silences, and give no numbers: these are assumptions.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x6d696e696d6178))
	flip := func() bool { return r.IntN(2) == 1 }
	code := func() int {
		return engine.OneOf(r, int(websocket.StatusNormalClosure), int(websocket.StatusGoingAway), int(websocket.StatusPolicyViolation))
	}
	q := quirks{
		badKey: engine.OneOf(r, "upgrade", "first", "start"), sentenceEarly: flip(), closeCode: code(), finishCode: code(),
		failCloses: flip(), unknownCloses: flip(), skipEvent: engine.OneOf(r, "task_failed", "task_continued"), queue: engine.OneOf(r, 20_000, 60_000),
		extra: engine.OneOf(r, "final", "every"), finalAlone: flip(), emptyFrames: flip(), lateFrames: r.IntN(3), cancelFlush: flip(),
		enough: engine.OneOf(r, 20, 50), most: engine.OneOf(r, 200, 400),
		silence: engine.OneOf(r, 300*time.Millisecond, time.Second), backstop: engine.OneOf(r, 2*time.Second, 5*time.Second),
		chunk: time.Duration(20+20*r.IntN(10)) * time.Millisecond, oddChunks: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
