package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
	"voicerelay/config"
	"voicerelay/logging"
)

// errNoRedis says that a command has nothing to work on.
var errNoRedis = errors.New("no redis.url is configured")

// onBooks does what a command is for with the books of a configuration, and says what went wrong.
func onBooks(path, command string, std stdio, work func(config.BookSettings) error) int {
	kept, err := config.LoadBooks(path, configEnvironment())
	if err != nil {
		fmt.Fprintln(std.err, logging.PrintableLines(err.Error()))
		return exitFault
	}
	switch err := work(kept); {
	case err == nil:
		return exitOK
	case errors.Is(err, ship.ErrUnreachable):
		fmt.Fprintf(std.err, "%s: %s\n", command, logging.PrintableLines(err.Error()))
		return exitAway
	default:
		fmt.Fprintf(std.err, "%s: %s\n", command, logging.PrintableLines(err.Error()))
		return exitFault
	}
}

// withShared opens the ledger for reading, and Redis, which must answer.
func withShared(ctx context.Context, kept config.BookSettings, work func(*ledger.Reader, redis.UniversalClient) error) error {
	r, err := ledger.OpenReader(ctx, kept.Ledger.Path)
	if err != nil {
		return err
	}
	client, err := reachRedis(ctx, kept.Redis)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	return errors.Join(work(r, client), client.Close(), r.Close())
}

// reachRedis is a client of a Redis that answers.
func reachRedis(ctx context.Context, cfg config.RedisConfig) (redis.UniversalClient, error) {
	client, err := dialRedis(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ship.ErrUnreachable, err), client.Close())
	}
	return client, nil
}

// answerPatience bounds a command's wait for the first answer of Redis: through a Sentinel or a cluster that takes several.
const answerPatience = 5 * time.Second

// dialRedis is a client of redis.url for a command.
func dialRedis(cfg config.RedisConfig) (redis.UniversalClient, error) {
	options, err := config.ParseRedis(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("redis.url: %w", err)
	}
	options.MinIdleConns = 0 // a command asks once
	return config.NewRedis(options, zerolog.Nop()), nil
}
