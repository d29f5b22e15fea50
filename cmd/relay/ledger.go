package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
)

// errNoRedis says that a command has nothing to work on.
var errNoRedis = errors.New("no redis.url is configured")

// ledgerWork is what can be done about ledgers: `relay ledger verify|ship|forget [-config …]`. Relays may be running on
// them meanwhile.
func ledgerWork(ctx context.Context, args []string, std stdio) int {
	works := map[string]func(context.Context, bookSettings, stdio) error{"verify": verifyLedger, "ship": shipLedger}
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
	return onBooks(*path, flags.Name(), std, func(kept bookSettings) error { return works[args[0]](ctx, kept, std) })
}

// onBooks does what a command is for with the books of a configuration, and says what went wrong.
func onBooks(path, command string, std stdio, work func(bookSettings) error) int {
	kept, err := loadBooks(path, environment{lookup: os.LookupEnv, read: readSecret, drivers: drivers()})
	if err != nil {
		fmt.Fprintln(std.err, err)
		return exitFault
	}
	if err := work(kept); err != nil {
		fmt.Fprintf(std.err, "%s: %v\n", command, err)
		return exitFault
	}
	return exitOK
}

// verifyLedger checks the ledger by itself and, where relays share a Redis, against that.
func verifyLedger(ctx context.Context, kept bookSettings, std stdio) error {
	found, err := ledger.Verify(ctx, kept.Ledger.Path)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: %d records, %d generations open\n", kept.Ledger.Path, found.Records, found.Open)
	faults := found.Faults
	if kept.Redis.URL != "" {
		inRedis, err := verifyShared(ctx, kept, std)
		if err != nil {
			return err
		}
		faults = append(faults, inRedis...)
	}
	for _, f := range faults {
		fmt.Fprintln(std.err, f)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults", len(faults))
	}
	fmt.Fprintln(std.out, "no fault found")
	return nil
}

func verifyShared(ctx context.Context, kept bookSettings, std stdio) (faults []string, err error) {
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

// shipLedger brings to Redis what it lacks of the ledger.
func shipLedger(ctx context.Context, kept bookSettings, std stdio) error {
	if kept.Redis.URL == "" {
		return errNoRedis
	}
	return withShared(ctx, kept, func(r *ledger.Reader, client redis.UniversalClient) error {
		log := zerolog.New(zerolog.ConsoleWriter{Out: std.err, TimeFormat: time.TimeOnly}).With().Timestamp().Logger()
		if err := ship.New(ship.Config{Retention: kept.Redis.Retention, Log: log}, r, client).All(ctx); err != nil {
			return err
		}
		fmt.Fprintln(std.out, "redis has every record of the ledger")
		return nil
	})
}

// withShared opens the ledger for reading, and Redis.
func withShared(ctx context.Context, kept bookSettings, work func(*ledger.Reader, redis.UniversalClient) error) error {
	r, err := ledger.OpenReader(ctx, kept.Ledger.Path)
	if err != nil {
		return err
	}
	client, err := dialRedis(kept.Redis)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	return errors.Join(work(r, client), client.Close(), r.Close())
}
