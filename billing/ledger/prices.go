package ledger

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"voicerelay/billing"
)

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
