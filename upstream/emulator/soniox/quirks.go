package soniox

import (
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	limit         string // what the account may have: any number, three sockets (with 100 streams a minute), or three streams in all
	fourthInBand  bool   // one socket too many is told by an error message, rather than by the upgrade's HTTP status
	badKeyInBand  bool   // a bad key of the header is told by the answer to the first stream, rather than by the upgrade's HTTP status
	keyErrorsAll  bool   // a bad key is an error of the connection, rather than of the stream
	closeCode     int    // of the close after an error of the connection, or of silence
	pingsCount    bool   // a WebSocket ping keeps a socket open
	missingCode   int    // of the error about a model or a voice that there is not
	lengthCode    int    // of the error about a text that is too long
	countsBytes   bool   // the limit of a text is in bytes, rather than in characters
	unknownAnswer string // to text or a cancel of no stream: nothing, error, or to the cancel terminated
	lateText      string // what becomes of text behind text_end: nothing or error

	inputSeconds int    // without new text, after which a stream is killed
	inputPauses  bool   // that time does not pass while there is audio to send
	killTells    bool   // a stream that is killed has an error 408 before its terminated
	hold         string // until when text is held: the sentence's end, or the stream's

	lateFrames    int           // messages of audio between a cancel and its terminated
	spellsNumbers bool          // timestamps have numbers as they are spoken
	times         string        // timestamps come with their audio, or in a message before or after it
	timesAtOnce   bool          // the timestamps of a text come all with its first audio
	endWithAudio  bool          // audio_end is in the message with the last audio
	endAtOnce     bool          // audio_end and terminated are in one message
	oddChunks     bool          // messages end in the middle of a sample
	chunk         time.Duration // audio of a message
}

// drawQuirks draws them, the same for the same seed. The 8 to 18 s are what LiveKit has observed; the codes are those that servers
// use for such things; messages of 40 to 220 ms are an assumption.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x736f6e696f78))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		limit: engine.OneOf(r, "none", "sockets", "streams"), fourthInBand: flip(), badKeyInBand: flip(), keyErrorsAll: flip(),
		closeCode:  engine.OneOf(r, int(websocket.StatusNormalClosure), int(websocket.StatusPolicyViolation), int(websocket.StatusInternalError)),
		pingsCount: flip(), missingCode: engine.OneOf(r, 400, 404), lengthCode: engine.OneOf(r, 400, 413), countsBytes: flip(),
		unknownAnswer: engine.OneOf(r, "nothing", "error", "terminated"), lateText: engine.OneOf(r, "nothing", "error"),
		inputSeconds: engine.OneOf(r, 8, 12, 18), inputPauses: flip(), killTells: flip(), hold: engine.OneOf(r, "sentence", "stream"),
		lateFrames: r.IntN(3), spellsNumbers: flip(), times: engine.OneOf(r, "with", "before", "after"), timesAtOnce: flip(),
		endWithAudio: flip(), endAtOnce: flip(),
		oddChunks: flip(), chunk: time.Duration(40+20*r.IntN(10)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
