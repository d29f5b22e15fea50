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

// passedOver are the targets of the route that were never tried, with the reason of each, for a client whose text was not
// spoken.
func (r *failover) passedOver() []routing.Omission {
	all := slices.Clone(r.g.req.plan.PassedOver)
	for _, e := range r.candidates {
		why := e.refused
		if e.state == untried {
			why = r.g.req.Setup.resting(e.Candidate)
		}
		if why != "" {
			all = append(all, routing.Omission{Target: e.Target, Why: why})
		}
	}
	return all
}

// eligible are the targets to try, in order: first the one whose stream ended while the text paused, then those not tried,
// and when all were tried, those that failed in mid-speech and after which another has gone on. A target with an open circuit
// is left out.
func (r *failover) eligible() []*candidate {
	if e := r.again; e != nil && e.state == untried && r.g.req.Setup.resting(e.Candidate) == "" {
		others := slices.DeleteFunc(r.inState(untried), func(other *candidate) bool { return other == e })
		return append([]*candidate{e}, others...)
	}
	for _, wanted := range []candidateState{untried, interrupted} {
		choice := slices.DeleteFunc(r.inState(wanted), func(e *candidate) bool { return e == r.last })
		if len(choice) > 0 {
			return choice
		}
	}
	return nil
}

// inState are the candidates in a state whose circuits let attempts pass.
func (r *failover) inState(wanted candidateState) []*candidate {
	var found []*candidate
	for _, e := range r.candidates {
		if e.state == wanted && r.g.req.Setup.resting(e.Candidate) == "" {
			found = append(found, e)
		}
	}
	return found
}

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
