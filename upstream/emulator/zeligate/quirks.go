package zeligate

import (
	"math/rand/v2"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// telling is how errors look on the socket, which the reference leaves open.
type telling string

const (
	tellDetail telling = "detail" // the HTTP envelope as a frame
	tellFlat   telling = "flat"   // message, error and code, as in the protocol that it mirrors
	tellBare   telling = "bare"   // a close without a word
)

// hold is for how long a socket has the engine, which speaks for one at a time.
type hold string

const (
	holdChunk  hold = "chunk"  // while a chunk of text is spoken
	holdSpeech hold = "speech" // from the first chunk to the end
	holdStream hold = "stream" // from BOS to the end
)

// quirks is what the reference leaves open, as the seed has drawn it.
type quirks struct {
	telling        telling
	staysOpen      bool          // the socket stays open after an error frame, but for flat ones
	closeCode      int           // of a close because of an error, but for flat ones
	upgradeErrors  bool          // what the address tells is checked at the upgrade, with an HTTP status; else at BOS
	headerKey      bool          // the Authorization header counts on the socket too
	strictVoices   bool          // the operator has switched them on: an unknown voice is an error
	namesVoice     bool          // the upgrade's answer names the voice that is used
	strictBOS      bool          // a first message that is not a single space is an error
	clamps         bool          // settings out of their range are drawn into it rather than refused
	finalCloses    bool          // the server closes the socket after the final frame
	idles          bool          // a socket that nothing is said to ends
	emptyFlushEnds bool          // an empty text with a flush is EOS
	triggerMinimum int           // characters that a trigger needs
	schedule       []int         // where BOS has none
	maxCharacters  int           // of a stream
	workers        int           // engines behind the router
	hold           hold          // of the engine
	lingers        bool          // an engine speaks its chunk to the end though the client has gone
	chunk          time.Duration // audio of a frame
}

func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x7a656c69))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		telling:       []telling{tellDetail, tellFlat, tellBare}[r.IntN(3)],
		closeCode:     []int{1000, 1008, 1011}[r.IntN(3)],
		upgradeErrors: flip(), headerKey: flip(), strictVoices: flip(), namesVoice: flip(), strictBOS: flip(), clamps: flip(),
		finalCloses: flip(), idles: flip(), emptyFlushEnds: flip(), staysOpen: flip(), lingers: flip(),
		triggerMinimum: []int{1, 50}[r.IntN(2)],
		schedule:       [][]int{{120, 160, 250, 290}, {50}}[r.IntN(2)],
		maxCharacters:  []int{5000, 10000, 40000}[r.IntN(3)],
		workers:        1 + r.IntN(2),
		hold:           []hold{holdChunk, holdSpeech, holdStream}[r.IntN(3)],
		chunk:          time.Duration(100+10*r.IntN(16)) * time.Millisecond,
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
