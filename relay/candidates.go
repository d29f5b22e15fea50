package relay

import "voicerelay/routing"

// candidate is a target and what became of it in this generation.
type candidate struct {
	routing.Candidate
	state   candidateState
	hedges  bool        // it was opened beside another that kept the caller waiting
	refused routing.Why // why it was not tried when it was next; empty: it was tried, or was never next
}

// candidateState says whether a target may be tried.
type candidateState int

const (
	untried     candidateState = iota // not tried yet, or cancelled because another was faster
	running                           // an attempt is under way
	interrupted                       // failed in mid-speech: it may be tried again after another
	exhausted                         // not tried again for this generation
)
