package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"voicerelay/billing"
)

// askedUsage is what a question about usage is narrowed by, as flags have it.
type askedUsage struct {
	from, to         string // the names of the flags
	since, until     string
	period, metadata string
	tenant           string
	outcome          string
	filter           billing.Filter
}

// flags adds them to a command's.
func (a *askedUsage) flags(flags *flag.FlagSet) {
	flags.StringVar(&a.since, a.from, "", "`time` of the first generations, as 2026-03-01 or RFC 3339; today")
	flags.StringVar(&a.until, a.to, "", "`time` behind the last generations; the end of today")
	flags.StringVar(&a.period, "period", "", "instead of both: a `year`, month or day, as 2026, 2026-11 or 2026-11-05")
	flags.StringVar(&a.tenant, "tenant", "", "of this `tenant` only")
	flags.StringVar(&a.filter.Key, "key", "", "of this `key` only, by its name")
	flags.StringVar(&a.filter.Route, "route", "", "of this `route` only")
	flags.StringVar(&a.outcome, "outcome", "", "of this `outcome` only")
	flags.StringVar(&a.filter.Provider, "provider", "", "at this `provider` only")
	flags.StringVar(&a.filter.Model, "model", "", "by this `model` only")
	flags.StringVar(&a.filter.Voice, "voice", "", "by this `voice` only, the vendor's id")
	flags.StringVar(&a.metadata, "metadata", "", "with this `KEY=VALUE` in the metadata only")
}

// span is the time that is asked for. Its error names the flag.
func (a *askedUsage) span(now time.Time) (from, to time.Time, err error) {
	if a.period != "" {
		if a.since != "" || a.until != "" {
			return from, to, fmt.Errorf("-period excludes -%s and -%s", a.from, a.to)
		}
		if from, to, err = billing.ParsePeriod(a.period); err != nil {
			return from, to, fmt.Errorf("-period: %w", err)
		}
		return from, to, nil
	}
	from, to = billing.Today(now)
	if a.since != "" {
		if from, err = billing.ParseTime(a.since); err != nil {
			return from, to, fmt.Errorf("-%s: %w", a.from, err)
		}
	}
	if a.until != "" {
		if to, err = billing.ParseTime(a.until); err != nil {
			return from, to, fmt.Errorf("-%s: %w", a.to, err)
		}
	}
	if !from.Before(to) {
		return from, to, fmt.Errorf("-%s must be before -%s", a.from, a.to)
	}
	return from, to, nil
}

// narrowed is what is asked for besides the time. Its error names the flag.
func (a *askedUsage) narrowed() (billing.Filter, error) {
	f := a.filter
	f.Outcome = billing.Outcome(a.outcome)
	if a.outcome != "" && !slices.Contains(billing.Outcomes(), f.Outcome) {
		return f, fmt.Errorf("-outcome: must be one of %v", billing.Outcomes())
	}
	if a.metadata != "" {
		key, value, ok := strings.Cut(a.metadata, "=")
		if !ok || key == "" {
			return f, errors.New("-metadata: must be KEY=VALUE")
		}
		f.Metadata = billing.Pair{Key: key, Value: value}
	}
	return f, nil
}

// sums is the question for sums.
func (a *askedUsage) sums(by string, now time.Time) (q billing.SumsQuery, err error) {
	q.GroupBy, q.Tenant = billing.ParseGroupBy(by), a.tenant
	if q.From, q.To, err = a.span(now); err != nil {
		return q, err
	}
	if q.Filter, err = a.narrowed(); err != nil {
		return q, err
	}
	switch err := q.Validate(); {
	case errors.Is(err, billing.ErrFilterRoute):
		return q, fmt.Errorf("-route: %w", err)
	case err != nil:
		return q, fmt.Errorf("-by: %s", strings.TrimPrefix(err.Error(), "group_by "))
	}
	return q, nil
}
