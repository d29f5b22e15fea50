package billing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// PriceLists finds price lists by the hashes that records have. It is safe for concurrent use.
type PriceLists interface {
	// PriceList is the list of a hash; nil: it is not known.
	PriceList(ctx context.Context, hash string) (*PriceList, error)
}

// FirstOf has a list of the first that knows it.
func FirstOf(lists ...PriceLists) PriceLists { return firstOf(lists) }

type firstOf []PriceLists

// PriceList is the list of a hash. Its error is that of any that may have it, where none knows it.
func (f firstOf) PriceList(ctx context.Context, hash string) (*PriceList, error) {
	var faults []error
	for _, lists := range f {
		list, err := lists.PriceList(ctx, hash)
		if list != nil {
			return list, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

// Table is the list as rows of text, under a line of names.
func (l *PriceList) Table() [][]string {
	rows := [][]string{{"provider", "model", "amount", "currency", "unit", "output_amount"}} // last, for those who count columns
	for _, p := range l.prices {
		rows = append(rows, []string{p.Provider, cmp.Or(p.Model, "*"), p.Amount, p.Currency, string(p.Unit), p.OutputAmount})
	}
	return rows
}

// Text is the list as stores keep it: JSON.
func (l *PriceList) Text() (string, error) {
	raw, err := json.Marshal(l.prices)
	if err != nil {
		return "", fmt.Errorf("encode price list: %w", err)
	}
	return string(raw), nil
}

// ParsePriceList is the list of a text.
func ParsePriceList(text string) (*PriceList, error) {
	var prices []Price
	if err := json.Unmarshal([]byte(text), &prices); err != nil {
		return nil, fmt.Errorf("decode price list: %w", err)
	}
	return NewPriceList(prices)
}

// AddUnitPrices has records tell by which prices their attempts were priced. That is exact: a record has the hash of the list
// that priced it. Where the list is not known any more they tell none.
func AddUnitPrices(ctx context.Context, lists PriceLists, records []Record) error {
	found := make(map[string]*PriceList)
	for i := range records {
		hash := records[i].PriceList
		if hash == "" || !records[i].pricedByList() {
			continue
		}
		list, asked := found[hash]
		if !asked {
			var err error
			if list, err = lists.PriceList(ctx, hash); err != nil {
				return fmt.Errorf("price list %s: %w", hash, err)
			}
			found[hash] = list
		}
		if list != nil {
			records[i].addUnitPrices(list)
		}
	}
	return nil
}

// pricedByList reports whether a cost is of the price list.
func (r *Record) pricedByList() bool {
	for i := range r.Attempts {
		if r.Attempts[i].Cost.Source == FromPriceList {
			return true
		}
	}
	return false
}

// addUnitPrices has the attempts tell their prices of the list. One that used nothing may have none.
func (r *Record) addUnitPrices(list *PriceList) {
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if a.Cost.Source == FromPriceList {
			if e, ok := list.find(a.Provider, a.Model); ok {
				a.UnitPrice = UnitPrice{Amount: decimalOf(e.picos), Currency: e.Currency, Unit: e.Unit}
				if e.Unit == Token {
					a.UnitPrice.OutputAmount = decimalOf(e.outputPicos)
				}
			}
		}
	}
}

// decimalOf is an amount with six decimals, and those of the twelve behind that are needed.
func decimalOf(picos int64) string {
	const picosPerUnit = 1_000_000_000_000
	text := fmt.Sprintf("%d.%012d", picos/picosPerUnit, picos%picosPerUnit)
	end := len(text)
	for ; text[end-1] == '0' && end > len(text)-6; end-- {
	}
	return text[:end]
}
