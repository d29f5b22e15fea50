package vogent

import (
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	authBy       string        // how a bad key is refused: by the upgrade's status, an error and a close, or a close alone
	authStatus   int           // HTTP status that refuses a bad key
	closeCode    int           // of every close, for none is documented
	errorCloses  bool          // an error is followed by a close
	emptyID      bool          // an error of no generation has an empty generationId, rather than none
	malformed    string        // what answers a message that is none: an error, a close or nothing
	strict       bool          // voiceId and text must stand in every message
	defaultRate  int           // hertz, where no sampleRate is given
	rate44       int           // hertz; the list of rates says 41500 where 44100 may be meant
	emptyFinal   bool          // an empty text may be the last piece
	reuse        bool          // the id of a generation that has ended may be used again
	early        bool          // whole sentences are spoken before the last piece has come
	serial       bool          // generations of a context take turns
	givesUp      bool          // a generation without its last piece fails when nothing more is said to it
	cancelAnswer string        // what follows a cancel: nothing, finished or an error
	lateChunks   int           // chunks that follow a cancel, ahead of its answer
	oddChunks    bool          // chunks end in the middle of a sample
	chunk        time.Duration // audio of a chunk

	timesType     string // of the message with word times
	timesField    string // its one field more
	timesShape    string // what that holds, as times has it
	timesUnit     string // s or ms; the shape with named units is always ms
	timesFirst    bool   // they come ahead of the audio that they describe
	timesPerChunk bool   // they come with the chunk in which a word begins, rather than once for what is spoken at once
}

// sampleRate is the default of the REST interface, in hertz (Vogent's docs, Advanced features).
const sampleRate = 24000

// drawQuirks draws them, the same for the same seed. The names of the word times' message are guesses from the reference,
// which has three fields for it and names two: type and generationId.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x766f67656e74))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authBy:      engine.OneOf(r, "status", "error", "close"),
		authStatus:  engine.OneOf(r, http.StatusUnauthorized, http.StatusForbidden),
		closeCode:   int(engine.OneOf(r, websocket.StatusPolicyViolation, websocket.StatusInternalError)),
		errorCloses: flip(), emptyID: flip(),
		malformed: engine.OneOf(r, "error", "close", "ignore"),
		strict:    flip(), defaultRate: engine.OneOf(r, sampleRate, 48000), rate44: engine.OneOf(r, 44100, 41500),
		emptyFinal: flip(), reuse: flip(), early: flip(), serial: flip(), givesUp: flip(),
		cancelAnswer: engine.OneOf(r, "none", "finished", "error"),
		lateChunks:   r.IntN(3), oddChunks: flip(),
		chunk:      time.Duration(100+10*r.IntN(16)) * time.Millisecond,
		timesType:  engine.OneOf(r, "timestamp", "timestamps"),
		timesField: engine.OneOf(r, "timestamps", "words", "timestamp"),
		timesShape: engine.OneOf(r, "list", "long", "named", "arrays", "single"),
		timesUnit:  engine.OneOf(r, "s", "ms"), timesFirst: flip(), timesPerChunk: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
