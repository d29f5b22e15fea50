package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"voicerelay/billing"
)

// maxLists bounds the price lists that entries may name: those of the last configurations. Generations that wait for their
// admission began under one of them.
const maxLists = 16

// UsePrices has entries name a price list from now on. It is kept with the first of them, so that what a crash cuts short is
// priced by it.
func (l *Ledger) UsePrices(list *billing.PriceList) {
	if list == nil || list.Hash() == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lists = append(slices.DeleteFunc(l.lists, func(had *billing.PriceList) bool { return had.Hash() == list.Hash() }), list)
	l.lists = l.lists[max(0, len(l.lists)-maxLists):]
}

// listOf is the price list that an entry names; nil: it is not known, or empty.
func (l *Ledger) listOf(hash string) *billing.PriceList {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range l.lists {
		if list.Hash() == hash {
			return list
		}
	}
	return nil
}

// keepPrices has the file know a price list.
func (s *store) keepPrices(list *billing.PriceList) error {
	if list == nil || s.lists[list.Hash()] != nil {
		return nil
	}
	raw, err := json.Marshal(list.Prices())
	if err != nil {
		return fmt.Errorf("price list: %w", err)
	}
	s.lists[list.Hash()] = list
	return s.exec(`INSERT INTO price_lists (hash, list) VALUES (?, ?) ON CONFLICT DO NOTHING`, list.Hash(), string(raw))
}

// readPrices is the price list that a record names. One that is empty, or that the file has not, knows no price.
func (s *store) readPrices(hash string) (*billing.PriceList, error) {
	if list := s.lists[hash]; list != nil {
		return list, nil
	}
	var raw string
	err := s.row(`SELECT list FROM price_lists WHERE hash = ?`, hash).Scan(&raw)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	var prices []billing.Price
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &prices); err != nil {
			return nil, fmt.Errorf("price list %s: %w", hash, err)
		}
	}
	list, err := billing.NewPriceList(prices)
	if err != nil {
		return nil, fmt.Errorf("price list %s: %w", hash, err)
	}
	return list, nil
}

// row asks for one row.
func (s *store) row(query string, args ...any) *sql.Row {
	return s.conn.QueryRowContext(context.Background(), query, args...)
}
