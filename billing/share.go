package billing

import (
	"math"
	"time"
)

// SumKey names an hourly sum. Sums are of generations, or of attempts: then Provider is set and Route is empty.
type SumKey struct {
	// Hour counts from 1970, UTC; a generation and its attempts belong to the hour of its admission.
	Hour        int64
	Tenant, Key string
	Route       string
	// Provider, Model and Voice are empty for generations.
	Provider, Model, Voice string
	Outcome                Outcome
	// Currency is empty where no cost is known. What a generation cost in a second currency is in a sum of its own,
	// which counts nothing but money.
	Currency string
}

// SumValue is what is added up.
type SumValue struct {
	Generations, Attempts int64
	// Characters and AudioMS are the client's for generations, the vendor's for attempts.
	Characters, AudioMS int64
	// Spoken is how many of a generation's characters were spoken; 0 for attempts.
	Spoken int64
	// Refused is how many characters of failed generations were not spoken, in sums whose key doesn't tell that: no store keeps it.
	Refused int64
	Micros  int64
	// Unpriced and Estimated count attempts whose cost is unavailable, or estimated.
	Unpriced, Estimated int64
}

// Share is what one record adds to one sum.
type Share struct {
	Key   SumKey
	Value SumValue
}

// Plus is the sum of two values. Money stops at the largest amount rather than to wrap: adding to that gives an
// error.
func (v SumValue) Plus(w SumValue) SumValue {
	return SumValue{
		Generations: v.Generations + w.Generations,
		Attempts:    v.Attempts + w.Attempts,
		Characters:  v.Characters + w.Characters,
		AudioMS:     v.AudioMS + w.AudioMS,
		Spoken:      v.Spoken + w.Spoken,
		Refused:     v.Refused + w.Refused,
		Micros:      addSaturated(v.Micros, w.Micros),
		Unpriced:    v.Unpriced + w.Unpriced,
		Estimated:   v.Estimated + w.Estimated,
	}
}

// addSaturated adds two amounts, neither of them negative.
func addSaturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Hour is the hour that a time belongs to, counted from 1970, UTC.
func Hour(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }

// Shares is what the record adds to the hourly sums: of generations first, then one for each attempt. Whoever keeps
// sums keeps them by this.
func (r *Record) Shares() []Share {
	shares := r.generationShares()
	for i := range r.Attempts {
		shares = append(shares, r.attemptShare(&r.Attempts[i]))
	}
	return shares
}

// generationShares has one share that counts the generation, and one more for each further currency.
func (r *Record) generationShares() []Share {
	key := SumKey{Hour: Hour(r.AdmittedAt), Tenant: r.Tenant, Key: r.Key, Route: r.Route, Outcome: r.Outcome}
	first := Share{Key: key, Value: SumValue{
		Generations: 1,
		Attempts:    int64(len(r.Attempts)),
		Characters:  r.Characters,
		AudioMS:     r.Audio.Milliseconds(),
		Spoken:      r.Spoken,
	}}
	for i := range r.Attempts {
		first.Value = first.Value.Plus(r.Attempts[i].Cost.marks())
	}
	shares := []Share{first}
	for _, c := range r.Cost() {
		if !c.Known() {
			continue
		}
		if shares[0].Key.Currency == "" {
			shares[0].Key.Currency, shares[0].Value.Micros = c.Money.Currency, c.Money.Micros
			continue
		}
		key.Currency = c.Money.Currency
		shares = append(shares, Share{Key: key, Value: SumValue{Micros: c.Money.Micros}})
	}
	return shares
}

func (r *Record) attemptShare(a *Attempt) Share {
	key := SumKey{
		Hour: Hour(r.AdmittedAt), Tenant: r.Tenant, Key: r.Key,
		Provider: a.Provider, Model: a.Model, Voice: a.Voice, Outcome: a.Outcome,
	}
	value := a.Cost.marks().Plus(SumValue{Attempts: 1, Characters: a.Characters, AudioMS: a.Audio.Milliseconds()})
	if a.Cost.Known() {
		key.Currency, value.Micros = a.Cost.Money.Currency, a.Cost.Money.Micros
	}
	return Share{Key: key, Value: value}
}

// marks counts what is to be seen of a cost in every sum that it belongs to.
func (c Cost) marks() SumValue {
	switch {
	case !c.Known():
		return SumValue{Unpriced: 1}
	case c.Estimated:
		return SumValue{Estimated: 1}
	default:
		return SumValue{}
	}
}
