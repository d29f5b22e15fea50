package relay

import (
	"cmp"
	"slices"

	"voicerelay/routing"
)

// candidate is a target and what became of it in this generation.
type candidate struct {
	routing.Candidate
	state   candidateState
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

// ranked are a plan's candidates in the order of its strategy. For "fastest", a provider that was never heard goes first,
// since only so its time becomes known.
func (e *Engine) ranked(plan *routing.Plan) []routing.Candidate {
	if plan.Strategy != routing.Fastest {
		return plan.Candidates
	}
	ranked := slices.Clone(plan.Candidates)
	slices.SortStableFunc(ranked, func(a, b routing.Candidate) int {
		return cmp.Or(
			cmp.Compare(rank(a.Provider, plan.Preferred), rank(b.Provider, plan.Preferred)),
			cmp.Compare(e.firstAudio.known(a.Provider), e.firstAudio.known(b.Provider)),
		)
	})
	return ranked
}

func rank(provider, first string) int {
	if provider == first {
		return 0
	}
	return 1
}
