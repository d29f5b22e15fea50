// Package listprice has what vendors say that they charge: list prices, without discounts, tax and what a plan includes. None was
// checked on an invoice. Each has its source, the day on which it was seen, and a grade.
package listprice

import (
	"cmp"
	_ "embed" // for the table
	"encoding/csv"
	"slices"
	"strings"
	"sync"

	"voicerelay/billing"
)

// entry is a list price of a vendor, for the providers of an adapter. The table has more about each: how the vendor puts it, the day
// on which it was seen, and a grade: A is the vendor's own page, B a table that names that page, C older or by others.
type entry struct {
	adapter       string
	billing.Price // has no provider yet
}

//go:embed prices.csv
var table string

// rows is the table below its heading, which a test has read.
var rows = sync.OnceValue(func() [][]string {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic(err) // never: it is a part of this program
	}
	return rows[1:]
})

func entries() []entry {
	var all []entry
	for _, row := range rows() {
		all = append(all, entry{row[0], billing.Price{
			Model: row[1], Unit: billing.Unit(row[2]), Amount: row[3], OutputAmount: row[4], Currency: row[5],
		}})
	}
	return all
}

// Adapters are those whose vendors have list prices here, in alphabetical order.
func Adapters() []string {
	var names []string
	for _, e := range entries() {
		names = append(names, e.adapter)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// For are the list prices for a provider, but for those whose models a price of the operator's own covers.
func For(provider, adapter string, own []billing.Price) []billing.Price {
	var prices []billing.Price
	for _, e := range entries() {
		e.Provider = provider
		if e.adapter == adapter && !slices.ContainsFunc(own, func(o billing.Price) bool { return covers(o, e.Price) }) {
			prices = append(prices, e.Price)
		}
	}
	return prices
}

// covers reports whether a price is for all models that another is for.
func covers(own, listed billing.Price) bool {
	all := strings.HasSuffix(cmp.Or(own.Model, "*"), "*")
	return own.SameTarget(listed) || all && own.Matches(listed.Provider, strings.TrimSuffix(listed.Model, "*"))
}
