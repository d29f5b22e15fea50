package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
	"voicerelay/config"
	"voicerelay/logging"
)

// ledgerWork is what can be done about ledgers: `relay ledger verify|ship|forget [-config …]`. Relays may be running on
// them meanwhile.
func ledgerWork(ctx context.Context, args []string, std stdio) int {
	works := map[string]func(context.Context, config.BookSettings, stdio) error{"verify": verifyLedger, "ship": shipLedger}
	if len(args) > 0 && args[0] == "forget" {
		return forgetWork(ctx, args[1:], std)
	}
	if len(args) == 0 || works[args[0]] == nil {
		fmt.Fprintln(std.err, "usage: relay ledger verify|ship [-config config.yaml]\n       relay ledger forget [-config config.yaml] [RELAY]")
		return exitUsage
	}
	flags := flag.NewFlagSet("relay ledger "+args[0], flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if done, code := parseFlags(flags, args[1:], std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	return onBooks(*path, flags.Name(), std, func(kept config.BookSettings) error { return works[args[0]](ctx, kept, std) })
}

// verifyLedger checks the ledger by itself and, where relays share a Redis, against that.
func verifyLedger(ctx context.Context, kept config.BookSettings, std stdio) error {
	found, err := ledger.Verify(ctx, kept.Ledger.Path)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: %d records, %d generations open\n", kept.Ledger.Path, found.Records, found.Open)
	if found.Lacking > 0 {
		fmt.Fprintf(std.out, "%d further records are known to be lacking: the ledger was restored from a copy that is older\n", found.Lacking)
	}
	faults := found.Faults
	if kept.Redis.URL != "" {
		inRedis, err := verifyShared(ctx, kept, std)
		if err != nil && len(faults) == 0 {
			return err
		}
		if err != nil {
			faults = append(faults, err.Error())
		}
		faults = append(faults, inRedis...)
	}
	for _, f := range faults {
		fmt.Fprintln(std.err, logging.Printable(f))
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults", len(faults))
	}
	fmt.Fprintln(std.out, "no fault found")
	return nil
}

func verifyShared(ctx context.Context, kept config.BookSettings, std stdio) (faults []string, err error) {
	err = withShared(ctx, kept, func(r *ledger.Reader, client redis.UniversalClient) error {
		found, err := ship.NewReports(client, 0).Verify(ctx, r, kept.Redis.Retention)
		if err != nil {
			return err
		}
		fmt.Fprintf(std.out, "redis: %d records compared, %d hours of all relays added up anew\n", found.Records, found.Hours)
		faults = found.Faults
		if found.More > 0 {
			faults = append(faults, fmt.Sprintf("and %d more", found.More))
		}
		return nil
	})
	return faults, err
}

// shipLedger brings to Redis what it lacks of the ledger. Where no relay runs on it and nothing is open, reports don't wait
// for it any more.
func shipLedger(ctx context.Context, kept config.BookSettings, std stdio) error {
	if kept.Redis.URL == "" {
		return errNoRedis
	}
	return withShared(ctx, kept, func(r *ledger.Reader, client redis.UniversalClient) error {
		name, err := r.Relay(ctx)
		if err != nil {
			return err
		}
		log := zerolog.New(logging.Console(std.err)).With().Timestamp().Logger()
		cfg := ship.Config{Relay: name, Retention: kept.Redis.Retention, Log: log}
		idle, err := ledger.Hold(kept.Ledger.Path) // so that no relay starts on it in that time
		if errors.Is(err, ledger.ErrLocked) {
			if err := ship.New(cfg, r, client).All(ctx); err != nil {
				return err
			}
			fmt.Fprintln(std.out, "redis has every record of the ledger")
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(shipIdle(ctx, ship.New(cfg, r, client), r, std), idle.Close())
	})
}

// shipIdle ships a ledger that no relay runs on.
func shipIdle(ctx context.Context, s *ship.Shipper, r *ledger.Reader, std stdio) error {
	_, open, err := r.OldestOpen(ctx)
	if err != nil {
		return err
	}
	if open {
		if err := s.All(ctx); err != nil {
			return err
		}
		fmt.Fprintln(std.out, "redis has every record of the ledger, but generations are open: the relay's next start closes them, and reports wait for it")
		return nil
	}
	if err := s.Finish(ctx); err != nil {
		return err
	}
	fmt.Fprintln(std.out, "redis has every record of the ledger; reports don't wait for this relay any more")
	return nil
}
