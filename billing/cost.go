package billing

import (
	"cmp"
	"slices"
)

// Source says where a cost comes from.
type Source string

// The sources of a cost. The zero value of Source counts as Unavailable.
const (
	FromProvider  Source = "provider"    // the vendor said what it charged
	FromPriceList Source = "price_list"  // the relay's own price list
	Unavailable   Source = "unavailable" // not known, and so not 0
	Mixed         Source = "mixed"       // a sum of costs from different sources
)

// Cost is what something cost, as far as it is known.
type Cost struct {
	// Money is meaningless where Source is Unavailable. It has no currency where nothing was used, and no price says which
	// one that is in.
	Money  Money
	Source Source
	// Estimated: the vendor may have charged for audio that never arrived.
	Estimated bool
}

// Known reports whether the cost has an amount.
func (c Cost) Known() bool { return c.Source != Unavailable && c.Source != "" }

// Sum adds costs up: an entry per currency, in alphabetical order, and at the end an unavailable one if any of
// them is. A currency whose sum overflows is unavailable, rather than wrong. Nothing in no currency is as good as
// unavailable: an amount has a currency.
func Sum(costs []Cost) []Cost {
	sums := []Cost{}
	unknown := false
	for _, c := range costs {
		if !c.Known() || c.Money.Currency == "" {
			unknown = true
			continue
		}
		sums = addTo(sums, c)
	}
	known := slices.DeleteFunc(sums, func(c Cost) bool { return !c.Known() })
	unknown = unknown || len(known) < len(sums)
	slices.SortFunc(known, func(a, b Cost) int { return cmp.Compare(a.Money.Currency, b.Money.Currency) })
	if unknown {
		known = append(known, Cost{Source: Unavailable})
	}
	return known
}

// addTo adds a known cost to its currency's sum.
func addTo(sums []Cost, c Cost) []Cost {
	at := slices.IndexFunc(sums, func(s Cost) bool { return s.Money.Currency == c.Money.Currency })
	if at < 0 {
		return append(sums, c)
	}
	sum := &sums[at]
	if !sum.Known() {
		return sums // overflowed before
	}
	total, err := sum.Money.Add(c.Money)
	if err != nil {
		sum.Source = Unavailable
		return sums
	}
	sum.Money = total
	sum.Estimated = sum.Estimated || c.Estimated
	if sum.Source != c.Source {
		sum.Source = Mixed
	}
	return sums
}
