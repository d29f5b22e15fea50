package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing/ship"
	"voicerelay/config"
	"voicerelay/logging"
)

// forgetWork is `relay ledger forget [-config …] [RELAY]`: reports stop waiting for a relay whose ledger is lost. Without a
// name it lists the relays that reports wait for. Forgetting one that still runs does no harm: it is there again with its
// next heartbeat.
func forgetWork(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay ledger forget", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if flags.NArg() > 1 {
		fmt.Fprintf(std.err, "%s: unexpected argument %q\n", flags.Name(), flags.Arg(1))
		return exitUsage
	}
	return onBooks(*path, flags.Name(), std, func(kept config.BookSettings) error {
		if kept.Redis.URL == "" {
			return errNoRedis
		}
		client, err := reachRedis(ctx, kept.Redis)
		if err != nil {
			return err
		}
		return errors.Join(forgetRelay(ctx, client, flags.Arg(0), std), client.Close())
	})
}

func forgetRelay(ctx context.Context, client redis.UniversalClient, relay string, std stdio) error {
	beats, err := ship.NewReports(client, 0).Heartbeats(ctx)
	if err != nil {
		return err
	}
	if relay == "" {
		for _, b := range beats {
			fmt.Fprintln(std.out, heartbeatLine(b))
		}
		return nil
	}
	i := slices.IndexFunc(beats, func(b ship.Heartbeat) bool { return b.Relay == relay })
	if i < 0 {
		return fmt.Errorf("no relay %q is waited for", relay)
	}
	if err := ship.Forget(ctx, client, relay); err != nil {
		return err
	}
	fmt.Fprintln(std.out, "forgotten:", heartbeatLine(beats[i]))
	return nil
}

// heartbeatLine says who is waited for, and what may be lost with it.
func heartbeatLine(b ship.Heartbeat) string {
	line := fmt.Sprintf("%s, last heard of at %s, with %d records not shipped", logging.Printable(b.Relay), b.At.Format(time.RFC3339), b.Unshipped)
	if b.Stale {
		return line + "; reports are incomplete"
	}
	return line
}
