package relay

import "time"

// proof is whether an attempt has shown that its target is well again. Only an attempt that a half-open circuit waits for
// has to.
type proof int

const (
	proofNone   proof = iota // not asked for, or told
	proofWanted              // a half-open circuit waits for it
	proofGiven               // the client has good audio; nobody has been told
)

// goodAudio is how much audio shows that a target is well: more than the first frames of a vendor that breaks off at once,
// and less than a caller's first sentence. A shorter piece does where it is delivered whole.
const goodAudio = time.Second

// proveLocked looks whether what the client got shows that the target is well. whole: a piece has been delivered.
func (oc *outcome) proveLocked(whole bool) {
	if oc.proof == proofWanted && oc.heard && (whole || oc.a.arrivals.clock.duration() >= goodAudio) {
		oc.proof = proofGiven
		oc.a.out.notify()
	}
}

// tellProof tells the circuits. It does so for the failover loop, since they must not be asked under the generation's lock.
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
