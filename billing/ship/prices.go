package ship

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// shipPrices brings Redis the ledger's price lists that it lacks. There are as many as there have been configurations with
// other prices, of a few kilobytes each.
func (s *Shipper) shipPrices(ctx context.Context) error {
	texts, err := s.priceTexts(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	there, err := s.rdb.HKeys(ctx, pricesKey).Result()
	if err != nil {
		return fmt.Errorf("read price lists: %w", err)
	}
	lacking := maps.Clone(texts)
	for _, hash := range there {
		delete(lacking, hash)
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(lacking)), commandsAtOnce) {
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, hash := range some {
				p.HSetNX(ctx, pricesKey, hash, texts[hash])
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("ship price lists: %w", err)
		}
	}
	clear(s.lists)
	for hash := range texts {
		s.lists[hash] = true
	}
	return nil
}

func (s *Shipper) priceTexts(ctx context.Context) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	texts, err := s.out.PriceLists(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger's price lists: %w", err)
	}
	return texts, nil
}

// shipPricesOf comes before records, so that whoever reads them finds the lists that they name.
func (s *Shipper) shipPricesOf(ctx context.Context, records []billing.Numbered) error {
	known := func(n billing.Numbered) bool { return n.Record.PriceList == "" || s.lists[n.Record.PriceList] }
	if !slices.ContainsFunc(records, func(n billing.Numbered) bool { return !known(n) }) {
		return nil
	}
	if err := s.shipPrices(ctx); err != nil {
		return err
	}
	for i := range records {
		s.lists[records[i].Record.PriceList] = true // one that the ledger has not is not asked for again
	}
	return nil
}

// PriceList is the list of a hash that records have; nil: no relay has shipped it.
func (r *Reports) PriceList(ctx context.Context, hash string) (*billing.PriceList, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	text, err := r.rdb.HGet(ctx, pricesKey, hash).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read price list: %w", err)
	}
	list, err := billing.ParsePriceList(text)
	if err != nil || list.Hash() != hash {
		return nil, errStored
	}
	return list, nil
}
