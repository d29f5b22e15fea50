package downstream

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay"
)

// EmptyTurn is how much silence a client gets for a text in which there is nothing to speak. Frameworks take an answer without
// any audio for a failure, and ask three times more; 20 ms satisfy all that were tried.
const EmptyTurn = 100 * time.Millisecond

// NothingSpoken reports whether a generation was spoken to its end, and there was nothing to hear.
func NothingSpoken(r relay.Result) bool { return r.Reason == relay.Completed && r.Usage.Audio == 0 }

// SilenceFor is the silence for a text in which there is nothing to speak, in a format, without a container's header.
func SilenceFor(f audio.Format) []byte {
	return f.Silence(int(audio.Samples(EmptyTurn, f.Rate)))
}
