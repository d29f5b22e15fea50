package billing

import (
	"errors"
	"strings"
	"time"
)

// ErrTime says that a time is written in no form that is read.
var ErrTime = errors.New("must be a date, such as 2026-03-01, or a time of RFC 3339, such as 2026-03-01T09:30:00Z")

// ErrYear says that a time is too far away to be written: a time zone can move one out of the years that have four digits.
var ErrYear = errors.New("must be in the years 1 to 9999, UTC")

// ParseTime reads a time as questions have it: a date is its first moment, UTC.
func ParseTime(s string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		t, err := time.Parse(form, s)
		if err != nil {
			continue
		}
		if t = t.UTC(); !Writable(t) {
			return time.Time{}, ErrYear
		}
		return t, nil
	}
	return time.Time{}, ErrTime
}

// ErrPeriod says that a period is written in no form that is read.
var ErrPeriod = errors.New("must be a year, a month or a day, such as 2026, 2026-11 or 2026-11-05")

// ParsePeriod reads a year, a month or a day, UTC: its first moment, and the first one after it.
func ParsePeriod(s string) (from, to time.Time, err error) {
	for _, form := range []struct {
		layout              string
		years, months, days int
	}{{"2006", 1, 0, 0}, {monthOnly, 0, 1, 0}, {time.DateOnly, 0, 0, 1}} {
		if from, err = time.Parse(form.layout, s); err != nil {
			continue
		}
		to = from.AddDate(form.years, form.months, form.days)
		if to.After(LastTime) {
			to = LastTime
		}
		if !Writable(from) {
			return from, to, ErrYear
		}
		return from, to, nil
	}
	return time.Time{}, time.Time{}, ErrPeriod
}

// LastTime is the latest time that can be written.
var LastTime = time.Date(9999, time.December, 31, 23, 59, 59, int(time.Second-time.Nanosecond), time.UTC)

// Writable reports whether a time can be written as RFC 3339 has it.
func Writable(t time.Time) bool { return t.UTC().Year() >= 1 && !t.After(LastTime) }

// Today is the UTC day of a time: its first moment, and the first one after it.
func Today(now time.Time) (from, to time.Time) {
	year, month, day := now.UTC().Date()
	from = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 0, 1)
}

// ParseGroupBy reads a list of dimensions with commas between them. Which may stand together, SumsQuery.Validate says.
func ParseGroupBy(list string) []Dimension {
	if list == "" {
		return nil
	}
	var by []Dimension
	for name := range strings.SplitSeq(list, ",") {
		by = append(by, Dimension(strings.TrimSpace(name)))
	}
	return by
}

// Of is what a group has in a dimension.
func (k GroupKey) Of(d Dimension) string {
	switch d {
	case ByTenant:
		return k.Tenant
	case ByKey:
		return k.Key
	case ByHour:
		return k.Hour
	case ByDay:
		return k.Day
	case ByMonth:
		return k.Month
	case ByRoute:
		return k.Route
	case ByOutcome:
		return string(k.Outcome)
	case ByProvider:
		return k.Provider
	case ByModel:
		return k.Model
	case ByVoice:
		return k.Voice
	}
	return ""
}
