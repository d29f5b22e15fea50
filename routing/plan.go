package routing

import (
	"cmp"
	"slices"
	"strings"
)

// Plan is how one generation may be spoken. It is not to be changed: its slices may be shared.
type Plan struct {
	// Route is the route's name, or, if Raw, the target as the client wrote it.
	Route string
	Raw   bool
	// Voice is the alias, or the raw voice as the client wrote it.
	Voice string
	// Language is the voice's, or empty.
	Language string
	// Preferred is the target that was heard last in the conversation, whose candidate goes first, and then its provider's others.
	// The zero value: none was.
	Preferred Target
	// Candidates are the targets that can speak with the voice, in order; at least one.
	Candidates []Candidate
	// PassedOver are the route's other targets.
	PassedOver []Omission
	Pace

	usual *Plan // without the preference; nil: there is none
}

// Candidate is a target with the vendor's id of the voice.
type Candidate struct {
	Target
	Voice string
}

// Prefer is the plan for a conversation in which a target was heard last.
func (p *Plan) Prefer(t Target) *Plan {
	usual := p.Usual()
	preferring := *usual
	preferring.Preferred, preferring.usual = t, usual
	preferring.Candidates = slices.Clone(usual.Candidates)
	slices.SortStableFunc(preferring.Candidates, t.First)
	return &preferring
}

// Usual is the plan for a conversation in which nothing was heard yet.
func (p *Plan) Usual() *Plan {
	if p.usual != nil {
		return p.usual
	}
	return p
}

// First compares candidates for sorting: that of the target goes first, and then those of its provider.
func (t Target) First(a, b Candidate) int { return cmp.Compare(t.distance(a), t.distance(b)) }

func (t Target) distance(c Candidate) int {
	switch {
	case t.Provider == "" || c.Provider != t.Provider:
		return 2
	case c.Target != t:
		return 1
	default:
		return 0
	}
}

// candidates are the targets that a voice has an id for, in order, and the others.
func candidates(targets []Target, v Voice) (all []Candidate, without []Omission) {
	for _, target := range targets {
		if id, ok := v.id(target); ok {
			all = append(all, Candidate{Target: target, Voice: id})
		} else {
			without = append(without, Omission{target, NoVoice})
		}
	}
	return all, without
}

// Missing are the route's targets that the voice has no id for, where it has one for another of them.
func Missing(r Route, v Voice) []Target {
	speaking, without := candidates(r.Targets, v)
	if len(speaking) == 0 {
		return nil
	}
	missing := make([]Target, len(without))
	for i, o := range without {
		missing[i] = o.Target
	}
	return missing
}

// id is the voice's id at a target: its model's own, else the provider's.
func (v Voice) id(t Target) (string, bool) {
	if id, ok := v.IDs[t.Provider+"/"+t.Model]; ok && t.Model != "" {
		return id, true
	}
	id, ok := v.IDs[t.Provider]
	return id, ok
}

// Speakable reports whether any of the voices fits a target of the route.
func Speakable(r Route, voices []Voice) bool {
	return slices.ContainsFunc(voices, func(v Voice) bool { return fits(v, r.Targets) })
}

// fits reports whether any target can speak with the voice.
func fits(v Voice, targets []Target) bool {
	return slices.ContainsFunc(targets, func(t Target) bool { _, ok := v.id(t); return ok })
}

// speaksAt reports whether the voice has an id at the provider, for any of its models.
func (v Voice) speaksAt(provider string) bool {
	for key := range v.IDs {
		if owner, _, _ := strings.Cut(key, "/"); owner == provider {
			return true
		}
	}
	return false
}
