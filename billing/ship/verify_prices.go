package ship

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// prices looks up the price lists that the ledger's records name.
func (v *verifier) prices(ctx context.Context) error {
	texts, err := v.out.PriceLists(ctx)
	if err != nil {
		return &ledgerError{err}
	}
	for _, hash := range slices.Sorted(maps.Keys(v.lists)) {
		if texts[hash] == "" {
			continue // the ledger has it not: it was restored, or the record came from Redis
		}
		list, err := v.reports.PriceList(ctx, hash)
		switch {
		case errors.Is(err, errStored):
			v.fault("price list %s: redis has another", hash)
		case err != nil:
			return err
		case list == nil:
			v.fault("price list %s: redis has it not", hash)
		}
	}
	return nil
}
