// Package listprice has what vendors say that they charge: list prices, without discounts, tax and what a plan includes. None was
// checked on an invoice. Each has its source, the day on which it was seen, and a grade.
package listprice

import (
	_ "embed" // for the table
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"voicerelay/billing"
)

// Entry is a list price of a vendor, for the providers of an adapter.
type Entry struct {
	Adapter string
	// Price has no provider yet.
	billing.Price
	// Reads is the price as the vendor puts it, Source who says so, and Seen the day.
	Reads, Source string
	Seen          time.Time
	Grade         Grade
}

// Grade is how far a price can be trusted.
type Grade string

// The grades.
const (
	OwnPage   Grade = "A" // the vendor's own page, read on that day
	NamesPage Grade = "B" // a table that names the vendor's page
	Told      Grade = "C" // older, or by others
)

//go:embed prices.csv
var table string

// all is the table, which a test has read.
var all = sync.OnceValue(func() []Entry {
	entries, err := parse(table)
	if err != nil {
		panic(err)
	}
	return entries
})

func parse(table string) ([]Entry, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("list prices: %w", err)
	}
	var entries []Entry
	for _, row := range rows[1:] {
		seen, err := time.Parse(time.DateOnly, row[6])
		if err != nil {
			return nil, fmt.Errorf("list prices: %w", err)
		}
		entries = append(entries, Entry{
			Adapter: row[0],
			Price:   billing.Price{Model: row[1], Unit: billing.Unit(row[2]), Amount: row[3], Currency: row[4]},
			Reads:   row[5], Seen: seen, Grade: Grade(row[7]), Source: row[8],
		})
	}
	return entries, nil
}

// Adapters are those whose vendors have list prices here, in alphabetical order.
func Adapters() []string {
	var names []string
	for _, e := range all() {
		names = append(names, e.Adapter)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Of are the list prices of an adapter's vendor.
func Of(adapter string) []Entry {
	var of []Entry
	for _, e := range all() {
		if e.Adapter == adapter {
			of = append(of, e)
		}
	}
	return of
}

// For are the list prices for a provider, but for those whose models a price of the operator's own covers.
func For(provider, adapter string, own []billing.Price) []billing.Price {
	var prices []billing.Price
	for _, e := range Of(adapter) {
		p := e.Price
		p.Provider = provider
		if !slices.ContainsFunc(own, func(o billing.Price) bool { return covers(o, p) }) {
			prices = append(prices, p)
		}
	}
	return prices
}

// covers reports whether a price is for all models that another is for.
func covers(own, listed billing.Price) bool {
	return own.SameTarget(listed) || own.Matches(listed.Provider, strings.TrimSuffix(listed.Model, "*")) && strings.HasSuffix(own.Model, "*") ||
		own.Model == "" && own.Provider == listed.Provider
}
