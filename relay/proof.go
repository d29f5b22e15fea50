package relay

import "time"

// proof says whether an attempt has shown that its target is well again. Only the attempt that a half-open circuit waits for
// has to.
type proof int

const (
	proofNone   proof = iota // not asked for, or told
	proofWanted              // a half-open circuit waits for it
	proofGiven               // the client has good audio; the circuit has not been told
)

// goodAudio is how much audio shows that a target is well: more than the first frames of a vendor that fails at once, less
// than a caller's first sentence. A shorter piece counts once it is delivered whole.
const goodAudio = time.Second

// give notes that the client has got so much good audio; whole: a piece has been delivered. It reports whether that is proof enough now.
func (p *proof) give(whole bool, audio time.Duration) bool {
	given := *p == proofWanted && (whole || audio >= goodAudio)
	if given {
		*p = proofGiven
	}
	return given
}

// take reports whether the circuit is to be told, once.
func (p *proof) take() bool {
	given := *p == proofGiven
	if given {
		*p = proofNone
	}
	return given
}
