package billing

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// Dimension is something that sums can be grouped by, by the protocol's name.
type Dimension string

// The dimensions. Route is of generations only; provider, model and voice are of attempts only.
const (
	ByTenant   Dimension = "tenant"
	ByKey      Dimension = "key"
	ByHour     Dimension = "hour"
	ByDay      Dimension = "day"
	ByMonth    Dimension = "month"
	ByRoute    Dimension = "route"
	ByOutcome  Dimension = "outcome"
	ByProvider Dimension = "provider"
	ByModel    Dimension = "model"
	ByVoice    Dimension = "voice"
)

// Faults of questions.
var (
	ErrGroupBy = errors.New("group_by must be any of tenant, key, one of hour, day, month, with either route, outcome or provider, model, voice, outcome")
	ErrRange   = errors.New("from must be before to")
	ErrCursor  = errors.New("not a cursor")
	// ErrTooManyGroups is the answer to a question that has more groups than MaxGroups.
	ErrTooManyGroups = errors.New("too many groups")
)

// SumsQuery asks for sums.
type SumsQuery struct {
	// From and To are half-open.
	From, To time.Time
	// Tenant is whose; empty: everyone's.
	Tenant string
	Filter
	// GroupBy is empty for one sum over all.
	GroupBy []Dimension
	// MaxGroups bounds the answer, which is ErrTooManyGroups where there are more; 0: no bound. A group that cost something in
	// several currencies counts once for each.
	MaxGroups int
}

// Validate reports a question that has no answer.
func (q SumsQuery) Validate() error {
	if !q.From.Before(q.To) {
		return ErrRange
	}
	known := []Dimension{ByTenant, ByKey, ByHour, ByDay, ByMonth, ByRoute, ByOutcome, ByProvider, ByModel, ByVoice}
	times := 0
	for i, d := range q.GroupBy {
		if d == ByHour || d == ByDay || d == ByMonth {
			times++
		}
		if times > 1 || !slices.Contains(known, d) || slices.Contains(q.GroupBy[:i], d) {
			return ErrGroupBy
		}
	}
	if q.OfAttempts() && slices.Contains(q.GroupBy, ByRoute) {
		return ErrGroupBy
	}
	if q.OfAttempts() && q.Route != "" {
		return ErrFilterRoute
	}
	return nil
}

// OfAttempts reports whether the sums are of attempts, rather than of generations.
func (q SumsQuery) OfAttempts() bool {
	return q.Filter.OfAttempts() || slices.ContainsFunc(q.GroupBy, func(d Dimension) bool {
		return d == ByProvider || d == ByModel || d == ByVoice
	})
}

// GroupKey is what a group has in common. What was not grouped by is empty.
type GroupKey struct {
	// Hour is as in 2006-01-02T15:00:00Z, Day as in 2006-01-02, Month as in 2006-01, UTC.
	Hour, Day, Month       string
	Tenant, Key, Route     string
	Provider, Model, Voice string
	Outcome                Outcome
}

// Group is one sum of a report.
type Group struct {
	GroupKey
	// Generations is 0 where the sums are of attempts.
	Generations, Attempts int64
	// Characters are what was asked for, of attempts what was sent to vendors. Spoken is how many of them were spoken; 0
	// where the sums are of attempts.
	Characters, Spoken, AudioMS int64
	// Refused is how many characters of failed generations were not spoken; 0 where the sums are of attempts.
	Refused int64
	// Cost is what is known, one for each currency, in alphabetical order.
	Cost []Money
	// Unpriced and Estimated count attempts whose cost is unavailable, or estimated.
	Unpriced, Estimated int64
}

// Report is an answer to SumsQuery.
type Report struct {
	// From and To are what is answered for: the question's, or whole hours around it where the sums are no finer.
	From, To time.Time
	// Groups are in the order of their keys.
	Groups []Group
	// MissingSince is since when records may be missing; zero: the report is complete.
	MissingSince time.Time
}

// GroupSums answers a question from the sums that it covers: its hours, and either generations or attempts. Time and
// tenant have been chosen before.
func GroupSums(q SumsQuery, sums []Share) ([]Group, error) {
	at := make(map[GroupKey]int)
	var groups []Group
	for _, s := range sums {
		key := q.groupOf(s.Key)
		i, ok := at[key]
		if !ok {
			if i = len(groups); q.Exceeds(i + 1) {
				return nil, ErrTooManyGroups
			}
			at[key] = i
			groups = append(groups, Group{GroupKey: key, Cost: []Money{}})
		}
		if !q.OfAttempts() {
			groups[i].Refused += s.refused()
		}
		if err := groups[i].add(s); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(groups, func(a, b Group) int { return a.compare(b.GroupKey) })
	return groups, nil
}

// Coarse leaves of a sum's key what the question tells apart, and the currency: sums of equal keys may be added up, so that
// an answer needs no more memory than its groups.
func (q SumsQuery) Coarse(k SumKey) SumKey {
	g := q.groupOf(k)
	coarse := SumKey{
		Tenant: g.Tenant, Key: g.Key, Route: g.Route, Provider: g.Provider, Model: g.Model, Voice: g.Voice,
		Outcome: g.Outcome, Currency: k.Currency,
	}
	switch {
	case slices.Contains(q.GroupBy, ByHour):
		coarse.Hour = k.Hour
	case slices.Contains(q.GroupBy, ByDay):
		coarse.Hour = floorTo(k.Hour, hoursPerDay)
	case slices.Contains(q.GroupBy, ByMonth):
		at := hourTime(k.Hour)
		coarse.Hour = Hour(time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC))
	}
	return coarse
}

// CoarseShare is a sum by Coarse. What was refused of it can't be told from its key any more, so that it is noted before.
func (q SumsQuery) CoarseShare(s Share) Share {
	s.Value.Refused = s.refused()
	s.Key = q.Coarse(s.Key)
	return s
}

// refused is how many characters of failed generations were not spoken.
func (s Share) refused() int64 {
	if s.Value.Refused == 0 && s.Key.Outcome == Failed && s.Key.Provider == "" {
		return s.Value.Characters - s.Value.Spoken
	}
	return s.Value.Refused
}

// hourTime is the beginning of an hour.
func hourTime(hour int64) time.Time { return time.Unix(hour*int64(time.Hour/time.Second), 0).UTC() }

// Exceeds reports whether an answer of so many groups is too large.
func (q SumsQuery) Exceeds(groups int) bool { return q.MaxGroups > 0 && groups > q.MaxGroups }

const hoursPerDay = 24

// monthOnly is how months are written.
const monthOnly = "2006-01"

// floorTo is the last multiple of unit up to n, before 0 too.
func floorTo(n, unit int64) int64 { return n - (n%unit+unit)%unit }

func (q SumsQuery) groupOf(k SumKey) GroupKey {
	var g GroupKey
	for _, d := range q.GroupBy {
		switch d {
		case ByTenant:
			g.Tenant = k.Tenant
		case ByKey:
			g.Key = k.Key
		case ByHour:
			g.Hour = hourTime(k.Hour).Format(time.RFC3339)
		case ByDay:
			g.Day = hourTime(k.Hour).Format(time.DateOnly)
		case ByMonth:
			g.Month = hourTime(k.Hour).Format(monthOnly)
		case ByRoute:
			g.Route = k.Route
		case ByOutcome:
			g.Outcome = k.Outcome
		case ByProvider:
			g.Provider = k.Provider
		case ByModel:
			g.Model = k.Model
		case ByVoice:
			g.Voice = k.Voice
		}
	}
	return g
}

func (k GroupKey) compare(l GroupKey) int {
	return cmp.Or(
		cmp.Compare(k.Hour, l.Hour), cmp.Compare(k.Day, l.Day), cmp.Compare(k.Month, l.Month), cmp.Compare(k.Tenant, l.Tenant), cmp.Compare(k.Key, l.Key),
		cmp.Compare(k.Route, l.Route), cmp.Compare(k.Provider, l.Provider), cmp.Compare(k.Model, l.Model),
		cmp.Compare(k.Voice, l.Voice), cmp.Compare(k.Outcome, l.Outcome),
	)
}

func (g *Group) add(s Share) error {
	g.Generations += s.Value.Generations
	g.Attempts += s.Value.Attempts
	g.Characters += s.Value.Characters
	g.Spoken += s.Value.Spoken
	g.AudioMS += s.Value.AudioMS
	g.Unpriced += s.Value.Unpriced
	g.Estimated += s.Value.Estimated
	if s.Key.Currency == "" {
		return nil
	}
	money := Money{Micros: s.Value.Micros, Currency: s.Key.Currency}
	i, found := slices.BinarySearchFunc(g.Cost, money.Currency, func(m Money, currency string) int {
		return cmp.Compare(m.Currency, currency)
	})
	if !found {
		g.Cost = slices.Insert(g.Cost, i, money)
		return nil
	}
	total, err := g.Cost[i].Add(money)
	g.Cost[i] = total
	return err
}

// RecordsQuery asks for records.
type RecordsQuery struct {
	// From and To are half-open; both zero: any time.
	From, To time.Time
	// Tenant is whose; empty: everyone's.
	Tenant string
	Filter
	// RecordID and GenerationID narrow it to one record, or to those that a client named so; empty: all.
	RecordID, GenerationID string
	// Limit is the most on a page.
	Limit int
	// Cursor goes on after a page: its NextCursor. Empty: from the start.
	Cursor string
}

// RecordPage is an answer to RecordsQuery.
type RecordPage struct {
	// Records are in the order of their admission.
	Records []Record
	// NextCursor is empty on the last page.
	NextCursor string
}
