package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"voicerelay/billing"
)

// keepPrices has the file know a price list.
func (s *store) keepPrices(list *billing.PriceList) error {
	if list == nil || s.lists[list.Hash()] != nil {
		return nil
	}
	text, err := list.Text()
	if err != nil {
		return err
	}
	s.lists[list.Hash()] = list
	return s.exec(`INSERT INTO price_lists (hash, list) VALUES (?, ?) ON CONFLICT DO NOTHING`, list.Hash(), text)
}

const selectPrices = `SELECT list FROM price_lists WHERE hash = ?`

// readPrices is the price list that a record names. One that is empty, or that the file has not, knows no price.
func (s *store) readPrices(hash string) (*billing.PriceList, error) {
	if list := s.lists[hash]; list != nil {
		return list, nil
	}
	list, err := scanPrices(s.row(selectPrices, hash), hash)
	if list == nil && err == nil {
		return billing.NewPriceList(nil)
	}
	return list, err
}

// PriceList is the list of a hash that records have; nil: the file has it not.
func (r *Reader) PriceList(ctx context.Context, hash string) (*billing.PriceList, error) {
	return scanPrices(r.db.QueryRowContext(ctx, selectPrices, hash), hash)
}

func scanPrices(row *sql.Row, hash string) (*billing.PriceList, error) {
	var text string
	switch err := row.Scan(&text); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read price list: %w", asDamage(err))
	}
	list, err := billing.ParsePriceList(text)
	if err != nil {
		return nil, fmt.Errorf("price list %s: %w", hash, err)
	}
	return list, nil
}

// PriceLists are the texts of all lists that the file has, by their hashes.
func (r *Reader) PriceLists(ctx context.Context) (map[string]string, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT hash, list FROM price_lists`)
	if err != nil {
		return nil, fmt.Errorf("read price lists: %w", asDamage(err))
	}
	lists, err := scanEach(rows, func(scan scanner) (list [2]string, err error) { return list, scan(&list[0], &list[1]) })
	if err != nil {
		return nil, fmt.Errorf("read price lists: %w", asDamage(err))
	}
	texts := make(map[string]string, len(lists))
	for _, list := range lists {
		texts[list[0]] = list[1]
	}
	return texts, nil
}
