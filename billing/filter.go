package billing

import (
	"cmp"
	"errors"
)

// Filter narrows a question. What is empty narrows nothing.
type Filter struct {
	Key, Route string
	Outcome    Outcome
	// Provider, Model and Voice are of attempts: sums count those that have all of them, records have such an attempt.
	Provider, Model, Voice string
	// Metadata is a pair that the generation's must have.
	Metadata Pair
}

// Faults of filters. Each begins with the name of what is at fault.
var (
	// ErrFilterRoute says that a route is of generations, while the question is about attempts.
	ErrFilterRoute = errors.New("route is of generations, and provider, model and voice are of attempts: sums are of one or the other")
	// ErrFilterMetadata says that hourly sums have no metadata.
	ErrFilterMetadata = errors.New("metadata can't narrow sums of relays that share a Redis, which keep none: ask for the records, or a ledger without Redis")
)

// Pair is a pair of a generation's metadata.
type Pair struct{ Key, Value string }

// In reports whether metadata have the pair. One without a key is in all.
func (p Pair) In(metadata map[string]string) bool {
	value, ok := metadata[p.Key]
	return p.Key == "" || ok && value == p.Value
}

// OfAttempts reports whether it asks for what only attempts have.
func (f Filter) OfAttempts() bool { return f.Provider != "" || f.Model != "" || f.Voice != "" }

// WantsSum reports whether a sum is asked for, as far as sums tell.
func (f Filter) WantsSum(k SumKey) bool {
	return same(f.Key, k.Key) && same(f.Route, k.Route) && same(f.Outcome, k.Outcome) &&
		same(f.Provider, k.Provider) && same(f.Model, k.Model) && same(f.Voice, k.Voice)
}

// WantsRecord reports whether a record is asked for.
func (f Filter) WantsRecord(r *Record) bool {
	if !same(f.Key, r.Key) || !same(f.Route, r.Route) || !same(f.Outcome, r.Outcome) || !f.Metadata.In(r.Metadata) {
		return false
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if same(f.Provider, a.Provider) && same(f.Model, a.Model) && same(f.Voice, a.Voice) {
			return true
		}
	}
	return !f.OfAttempts()
}

// same reports whether a value is the one that is asked for, or any is.
func same[T ~string](asked, got T) bool { return cmp.Or(asked, got) == got }
