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

// proveLocked checks whether what the client got shows that the target is well. whole: a piece has been delivered.
func (oc *outcome) proveLocked(whole bool) {
	if oc.proof == proofWanted && oc.heard && (whole || oc.a.speech.Audio() >= goodAudio) {
		oc.proof = proofGiven
		oc.a.out.notify()
	}
}

// takeProof tells the circuit, once. The failover loop calls it, since circuits must not be asked with the output's lock
// held.
func (oc *outcome) takeProof() {
	oc.a.out.mu.Lock()
	given := oc.proof == proofGiven
	if given {
		oc.proof = proofNone
	}
	oc.a.out.mu.Unlock()
	if given {
		oc.a.verdict.Speaks()
	}
}
