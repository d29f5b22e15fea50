package uplift

import (
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	authStatus      int           // HTTP status that refuses a bad key on the plain path
	authByError     bool          // Socket.IO: a bad key is let in, told auth_failed and shown out, rather than refused
	millis          bool          // timestamps are milliseconds rather than seconds
	startsEarly     bool          // audio_start comes when the request is taken up, rather than with its first audio
	silence         silence       // what an unknown voice is answered
	sequenceGaps    bool          // sequence leaves numbers out
	parallel        int           // requests of a connection that are spoken side by side; others wait
	fixedWindow     bool          // a minute begins with its first request, rather than with each
	countsRefused   bool          // requests beyond the limit count too
	lateFrames      int           // audio frames that follow a cancel
	oddChunks       bool          // frames end in the middle of a sample
	shortVoices     bool          // voices other than the default take 2,000 characters only
	ignoresUnknown  bool          // a message of an unknown type is ignored, rather than answered by an error
	wavFloat        bool          // WAV_22050_32 has floats rather than integers
	wavSize         uint32        // of a WAV file's samples, as its header has it; 1: the true one
	billsCharacters bool          // rather than seconds of audio
	idle            time.Duration // of a plain connection, after which it is closed; 0: never
	ping            time.Duration // Engine.IO: from one heartbeat to the next
	pingTimeout     time.Duration // Engine.IO: for the client's answer
	chunk           time.Duration // audio of a frame
}

// silence is what is sent for a voice that does not exist: never audio, never an error.
type silence int

const (
	nothing silence = iota
	onlyStart
	startAndEnd
)

// wavUnknownSize is what the header of a WAV file says whose length is not known yet.
const wavUnknownSize = math.MaxUint32

// wavTrueSize stands for the true length.
const wavTrueSize = 1

// drawQuirks draws them, the same for the same seed. 25 s and 20 s are Engine.IO's defaults for heartbeats; 10 s shows whether
// a client goes by what it is told.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x75706c696674))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		authStatus:  []int{http.StatusUnauthorized, http.StatusForbidden}[r.IntN(2)],
		authByError: flip(), millis: flip(), startsEarly: flip(), silence: silence(r.IntN(3)),
		sequenceGaps: flip(), parallel: []int{8, 64}[r.IntN(2)], fixedWindow: flip(), countsRefused: flip(),
		lateFrames: r.IntN(3), oddChunks: flip(), shortVoices: flip(), ignoresUnknown: flip(), wavFloat: flip(),
		wavSize: []uint32{0, 1, wavUnknownSize}[r.IntN(3)], billsCharacters: flip(),
		idle:  []time.Duration{0, time.Minute}[r.IntN(2)],
		ping:  []time.Duration{25 * time.Second, 10 * time.Second}[r.IntN(2)],
		chunk: time.Duration(100+10*r.IntN(16)) * time.Millisecond, pingTimeout: 20 * time.Second,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	if o.Inactivity > 0 {
		q.idle = min(q.idle, o.Inactivity)
		q.ping = o.Inactivity
	}
	return q
}
