package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
	"voicerelay/config"
)

// printPrices prints a price list: `relay prices [-list HASH] [-csv]`, of the configuration, or the one that records name so.
func printPrices(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay prices", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	hash := flags.String("list", "", "the list that records have as price_list: its `HASH`; without it, the one of the configuration")
	asCSV := flags.Bool("csv", false, "print comma-separated values")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	return onBooks(*path, flags.Name(), std, func(kept config.BookSettings) error {
		list, err := pricesOf(ctx, *path, kept, *hash)
		switch {
		case err != nil:
			return err
		case *asCSV:
			return billing.WriteCSV(std.out, list.Table())
		case list.Hash() == "":
			fmt.Fprintln(std.out, "no prices")
			return nil
		}
		fmt.Fprintf(std.out, "price list %s\n\n", list.Hash())
		return printTable(std.out, list.Table())
	})
}

// pricesOf is the list of a hash, or where that is empty the configuration's.
func pricesOf(ctx context.Context, path string, kept config.BookSettings, hash string) (*billing.PriceList, error) {
	if hash != "" {
		return keptPrices(ctx, kept, hash)
	}
	return config.LoadPrices(path, configEnvironment())
}

// keptPrices looks a list up in the ledger, then in Redis.
func keptPrices(ctx context.Context, kept config.BookSettings, hash string) (list *billing.PriceList, err error) {
	r, err := ledger.OpenReader(ctx, kept.Ledger.Path)
	if err == nil {
		list, err = r.PriceList(ctx, hash)
		err = errors.Join(err, r.Close())
	}
	if list == nil && kept.Redis.URL != "" {
		client, dialing := reachRedis(ctx, kept.Redis)
		if dialing != nil {
			return nil, errors.Join(err, dialing)
		}
		list, err = ship.NewReports(client, 0).PriceList(ctx, hash)
		err = errors.Join(err, client.Close())
	}
	if list == nil && err == nil {
		err = fmt.Errorf("-list: no record names the price list %q", hash)
	}
	return list, err
}
