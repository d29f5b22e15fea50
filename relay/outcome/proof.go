package outcome

import "time"

// Proof says whether an attempt has shown that its target is well again. Only the attempt that a half-open circuit waits for
// has to.
type Proof int

// How far the proof is.
const (
	ProofNone   Proof = iota // not asked for, or told
	ProofWanted              // a half-open circuit waits for it
	ProofGiven               // the client has good audio; the circuit has not been told
)

// goodAudio is how much audio shows that a target is well: more than the first frames of a vendor that fails at once, less
// than a caller's first sentence. A shorter piece counts once it is delivered whole.
const goodAudio = time.Second

// Give notes that the client has got so much good audio; whole: a piece has been delivered. It reports whether that is proof enough now.
func (p *Proof) Give(whole bool, audio time.Duration) bool {
	given := *p == ProofWanted && (whole || audio >= goodAudio)
	if given {
		*p = ProofGiven
	}
	return given
}

// Take reports whether the circuit is to be told, once.
func (p *Proof) Take() bool {
	given := *p == ProofGiven
	if given {
		*p = ProofNone
	}
	return given
}
